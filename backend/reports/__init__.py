"""Reports: what a crowd's work came to, for its requester; what was measured of a worker, for that worker."""
