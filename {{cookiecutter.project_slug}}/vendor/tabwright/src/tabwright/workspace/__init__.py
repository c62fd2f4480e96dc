"""Upkeep of this checkout: prepare it, verify its files, clean it."""
