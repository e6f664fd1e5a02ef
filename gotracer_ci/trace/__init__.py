"""Bytes → events: the decoder."""
