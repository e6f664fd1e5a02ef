"""The benchmark: how fast and how frugal the decoder is beside Go's own reader. Nothing here asserts a time."""
