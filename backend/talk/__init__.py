"""Both sides speak: messages between a requester and a worker about a batch, and ratings after paid work."""
