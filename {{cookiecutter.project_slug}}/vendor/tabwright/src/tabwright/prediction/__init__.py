"""Predictions for a file of new rows."""
