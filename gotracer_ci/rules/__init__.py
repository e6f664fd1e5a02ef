"""Facts → findings: one file per rule."""
