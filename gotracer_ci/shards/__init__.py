"""What a run measured ↔ what its report has of it, so that the reports of several jobs can be joined."""
