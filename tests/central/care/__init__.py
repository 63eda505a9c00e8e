"""Tests of the streams at work in the books."""
