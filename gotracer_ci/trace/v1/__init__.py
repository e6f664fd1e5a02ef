"""The trace format of Go 1.11 to 1.21."""
