"""Check the rows of the raw file, and split them into training and test rows."""
