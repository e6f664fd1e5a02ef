"""Facts → findings: one file a rule."""
