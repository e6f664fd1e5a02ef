"""Fetch a trace from a live service, over HTTP, and write it to a file while it arrives."""
