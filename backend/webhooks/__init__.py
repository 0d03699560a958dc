"""Telling requesters' own servers what happens (Standard Webhooks)."""
