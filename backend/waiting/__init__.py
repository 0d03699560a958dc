"""What nothing paid for names yet: unfunded drafts and uploaded files, in a room that has a bound."""
