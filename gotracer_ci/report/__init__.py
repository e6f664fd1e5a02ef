"""Verdicts → bytes: the report, what every format shows of it, and the formats."""
