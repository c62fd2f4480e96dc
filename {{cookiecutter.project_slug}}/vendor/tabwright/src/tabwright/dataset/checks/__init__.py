"""What a careful colleague would say about the rows."""
