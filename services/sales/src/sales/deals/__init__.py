"""Deals: opportunities to sell, and what becomes of them."""
