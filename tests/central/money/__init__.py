"""The ledger in central's database."""
