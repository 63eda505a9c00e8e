"""Central: its database, what it does with batches and births, its projection and its backup."""
