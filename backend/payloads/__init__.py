"""Public files by content: manifests, task lists, results, uploads."""
