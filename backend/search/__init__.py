"""Search: finding batches by words and facts, newest first."""
