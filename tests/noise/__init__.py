"""The proof of the comparison: recorded runs of many programs, and what the decision rule says of them."""
