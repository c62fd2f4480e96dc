"""The transformer that turns a table into a matrix."""
