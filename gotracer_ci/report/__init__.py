"""The report as values, what every format shows of it, and the formats."""
