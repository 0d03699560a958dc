"""What a reviewer did, how it held, and what it was paid."""
