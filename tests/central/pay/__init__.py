"""Paying by QR code: orders, the cashier, providers and their statements."""
