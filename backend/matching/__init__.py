"""Matching: what workers say of themselves, whom batches ask for, and the best next work for a worker."""
