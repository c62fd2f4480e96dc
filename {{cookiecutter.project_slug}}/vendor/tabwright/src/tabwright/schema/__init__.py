"""The schema of a table: its file, its rules, and how it is inferred."""
