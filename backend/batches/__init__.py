"""Batches: drafted, funded by the requester's wallet, listed, read."""
