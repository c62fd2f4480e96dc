"""What a champion predicts, and what became of it: drift, live scores, and what to do about them."""
