"""Live: server-sent events for a batch, a worker, a reviewer."""
