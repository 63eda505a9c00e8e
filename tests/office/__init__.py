"""The office, over a real SQLite database."""
