"""Measurements → verdicts: the baseline file, and what a run is compared with."""
