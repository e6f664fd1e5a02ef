"""Facts → files for other tools."""
