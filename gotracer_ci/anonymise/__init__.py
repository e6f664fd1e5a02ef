"""A trace with other names: functions, files and texts are replaced, and all else stays as it is."""
