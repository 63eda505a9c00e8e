"""Membership rules as pure functions: joining, cards, tiers, points, fees. Central applies them."""
