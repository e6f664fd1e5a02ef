"""Serve a report to browsers on this machine, and windows of its trace when they ask for them."""
