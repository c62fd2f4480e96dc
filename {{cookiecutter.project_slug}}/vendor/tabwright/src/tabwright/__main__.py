"""Lets `python -m tabwright` be the command line."""

from .cli import main

main()
