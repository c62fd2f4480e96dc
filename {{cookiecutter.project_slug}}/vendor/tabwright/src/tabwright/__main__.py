"""Lets `python -m tabwright` be the command line."""

from .project.errors import say_interrupts

say_interrupts()  # the next import takes a while

from .cli import main  # noqa: E402

main()
