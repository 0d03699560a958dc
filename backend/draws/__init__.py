"""Reviewers by draw: a batch's answers are judged by those whom a hash of the chain picked, paid as workers are."""
