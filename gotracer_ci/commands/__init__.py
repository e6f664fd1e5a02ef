"""The commands: one file per command, with a click command named `command` and its output."""
