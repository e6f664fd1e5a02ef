"""Evaluate the comparison with recorded runs of many programs."""
