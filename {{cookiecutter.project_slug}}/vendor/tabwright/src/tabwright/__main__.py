"""Lets `python -m tabwright` be the command line."""

from importlib import import_module

from .project.errors import say_interrupts

say_interrupts()  # also while the command line is imported

import_module(".cli", __package__).main()
