"""From the raw file to checked rows, split into training and test rows."""
