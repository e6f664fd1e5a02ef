"""Events → facts: everything that is known about one trace, as plain values that can be pickled."""
