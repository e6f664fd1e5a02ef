"""What got worse: the baseline file, the statistics and the verdicts."""
