"""Qualifications: credentials granted, revoked, refused and listed."""
