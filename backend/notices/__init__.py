"""Notices: what an address is told beside the chain's events, in a list, a live stream and its webhooks."""
