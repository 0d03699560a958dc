"""Where a model's answers come from: a file, an endpoint, a classifier that learns as labels arrive."""
