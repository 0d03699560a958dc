"""Requesters, workers and reviewers as programs: they speak the public HTTP API and own wallets, and import nothing of
the packages behind it.
"""
