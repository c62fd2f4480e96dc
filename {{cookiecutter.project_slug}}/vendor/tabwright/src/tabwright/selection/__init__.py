"""Model selection: cross-validation, metrics, search, ensembles, saved models."""
