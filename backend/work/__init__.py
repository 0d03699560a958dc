"""Work: tasks handed out with tickets, claims and submissions taken as signed packets."""
