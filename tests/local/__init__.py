"""Talk, health, configuration and logs of one box."""
