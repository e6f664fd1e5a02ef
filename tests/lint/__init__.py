"""The linters of the workflows: our own, and those that the pages show."""
