"""Figures of the model on the held-out rows. One that would hold no information is left out."""
