"""Events as text, and the records of the file: as Go's own tools print them, or as JSON."""
