"""What is kept of every run, and which models are in use."""
