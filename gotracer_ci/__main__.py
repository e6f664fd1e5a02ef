"""`python -m gotracer_ci`."""

from gotracer_ci.cli import main

main()
