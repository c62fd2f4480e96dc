"""Which model is in use: champion, challenger and the promotion log."""
