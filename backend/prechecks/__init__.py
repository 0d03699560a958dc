"""Pre-checks: a model of the operator's notes what it thinks of an answer. Advice beside it, never a verdict."""
