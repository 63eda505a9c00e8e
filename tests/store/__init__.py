"""The edge's files."""
