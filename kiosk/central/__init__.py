"""The system of record: ingest, roster, devices, and the central office's commands."""
