"""What processes of one box share: configuration, clock, logging, health, and a Unix-socket talk."""
