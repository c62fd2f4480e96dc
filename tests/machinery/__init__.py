"""The modules of a generated project, each on its own."""
