"""What members see and do at a kiosk, and what a till asks: answered out of the books, for the device that asks."""
