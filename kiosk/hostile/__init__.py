"""A payment provider that does wrong whatever can be done wrong, for the demo and for tests; never for money."""
