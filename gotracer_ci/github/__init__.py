"""Everything specific to GitHub: the runner's environment, workflow commands and the REST API."""
