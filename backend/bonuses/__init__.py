"""Bonuses: money from a requester's account to a worker of one of its batches, beside the pay."""
