"""Every rule, pure: no clock, no files, no network. Start reading at decision.py."""
