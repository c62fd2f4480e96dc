"""Scores on held-out rows with intervals, slices, behavioural tests, the quality gate."""
