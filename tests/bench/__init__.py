"""The benchmark: time and memory of the decoder and of Go's own reader. It asserts no times."""
