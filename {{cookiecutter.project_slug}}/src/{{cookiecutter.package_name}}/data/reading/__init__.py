"""Read tables of every kind."""
