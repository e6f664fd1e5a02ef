"""Linters for our own workflows and those in the docs."""
