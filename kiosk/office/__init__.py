"""Staff web and REST API over central."""
