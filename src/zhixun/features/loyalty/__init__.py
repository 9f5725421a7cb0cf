"""Thanks to those who come back: coupons, points that are earned and spent, tiers by the value of twelve months."""
