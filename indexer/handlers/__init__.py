"""One module a contract, one function an event."""
