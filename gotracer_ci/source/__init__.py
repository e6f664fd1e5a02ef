"""Whose code a frame is, and its file in the repository."""
