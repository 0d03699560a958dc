"""Tasks of a batch that come in parts, before the batch is drafted."""
