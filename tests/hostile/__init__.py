"""The hostile provider itself."""
