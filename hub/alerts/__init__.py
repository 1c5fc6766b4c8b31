"""Alerts to people and machines outside the pages: one channel per way of reaching them."""
