"""The edge's files, one writer process each: journals, roster and what is derived from them."""
