"""Pay per hour: measured from the chain's times, expected before there are any, and held above the operator's floor."""
