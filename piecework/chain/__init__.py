"""How to talk to a node and to our contracts."""
