"""Data checks: problems in the rows that make a model worse, or its scores too good."""
