"""Barriers, passages and the emergency; the loop that reads, decides, records and acts."""
