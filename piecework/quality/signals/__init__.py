"""Signs of cheating in a batch's answers: what an honest worker would hardly do, and how hardly.

A signal leads to review, more known answers or less work; it is no verdict. Nothing here knows the truth or money.
"""
