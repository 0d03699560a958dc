"""The gateway: HTTP for requesters, workers and reviewers."""
