"""The project: where its files are, its settings, and the tools it runs."""
