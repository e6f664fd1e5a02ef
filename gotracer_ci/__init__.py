"""gotracer-ci: flags what a change made worse in Go execution traces."""

__version__ = "0.1.0"
