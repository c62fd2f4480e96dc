"""The data contract: its file, its rules, the guess it starts from."""
