"""Tests, by the package they look at."""
