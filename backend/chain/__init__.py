"""What a client must know of the chain before it can sign anything."""
