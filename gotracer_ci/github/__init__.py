"""The GitHub side: the runner's environment, workflow commands."""
