"""Data checks: what in the rows makes a model worse, or look better, than it is."""
