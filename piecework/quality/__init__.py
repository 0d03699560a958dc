"""Inference from answers: pure functions on arrays, no I/O."""
