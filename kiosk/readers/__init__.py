"""Card readers: one driver a file behind one protocol. They know nothing of members or gates."""
