"""A generated project's reader, contract and split, given every kind of table."""
