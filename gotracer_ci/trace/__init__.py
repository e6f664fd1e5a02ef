"""Bytes → events in Go's order."""
