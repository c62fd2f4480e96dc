"""Prepare this checkout, exchange files with the remote, verify them."""
