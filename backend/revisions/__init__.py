"""Revisions: a reviewer asks for a better answer; its worker gives one or leaves it. Off chain, beside the window."""
