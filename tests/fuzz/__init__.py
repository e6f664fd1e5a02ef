"""A structure-aware fuzzer of the decoder: `python -m tests.fuzz --mutants N --seed S`, or `make fuzz`."""
