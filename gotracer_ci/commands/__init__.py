"""The commands, one file each: a click command named `command` and its output."""
