"""Card-reader kiosk and access-control edge service: decides at the gate, offline, and loses no record."""

__version__ = "0.1.0"
