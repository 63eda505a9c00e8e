"""The club's money: the ledger, its days, and the proof that it holds."""
