"""What anybody may check: money that must add up, events with their transactions, tables to take along."""
