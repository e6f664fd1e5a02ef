"""`gotracer-ci anonymise`."""
