"""The GitHub side: the runner's environment, workflow commands, and the REST API."""
