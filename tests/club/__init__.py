"""Tests of the club's rules."""
