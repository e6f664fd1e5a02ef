"""Events → facts."""
