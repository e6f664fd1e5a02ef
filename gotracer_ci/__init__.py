"""gotracer-ci: flags what a change made worse in Go execution traces."""

__version__ = "1.0.0"
