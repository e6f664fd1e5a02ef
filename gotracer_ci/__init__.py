"""gotracer-ci: finds performance regressions in Go execution traces."""

__version__ = "1.0.0"
