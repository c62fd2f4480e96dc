"""Install and prepare this checkout, exchange files with the remote, verify them."""
