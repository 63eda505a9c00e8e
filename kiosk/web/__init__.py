"""The member's screens and the gate display."""
