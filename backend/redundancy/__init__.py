"""Asking again only where it pays: batches whose tasks stop at a confidence."""
