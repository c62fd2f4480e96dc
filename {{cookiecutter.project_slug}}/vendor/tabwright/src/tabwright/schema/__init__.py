"""The schema of a table: its file, its rules, and the guess it starts from."""
