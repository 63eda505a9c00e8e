"""Facts up, rosters down: the only edge process that talks to the network."""
