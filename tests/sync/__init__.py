"""Tests of the line between a box and central."""
