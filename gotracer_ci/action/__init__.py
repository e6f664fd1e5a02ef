"""The container's entrypoint: runs as a GitHub Action step. The only reader of the runner's environment."""
