"""The container entrypoint: runs gotracer-ci as a GitHub Action step."""
