"""Where payloads live: one port, several stores, every read verified."""
