"""Repeat a run of any age, and compare."""
