"""Money as people see it: what is owed, what was paid, and taking it out without gas."""
