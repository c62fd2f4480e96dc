"""Pages of the data and of the model, the lab notebook, the comparison of two runs."""
