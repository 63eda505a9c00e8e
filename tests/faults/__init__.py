"""Whole installations with faults put in, and the one check after each: nothing lost, nothing twice."""
