"""What travels between edge and central."""
