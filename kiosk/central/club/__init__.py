"""The club's books: each change of a membership with its audit entry, notices and roster rows, in one commit."""
