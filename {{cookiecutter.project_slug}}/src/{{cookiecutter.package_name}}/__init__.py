"""From a raw table to a trained, evaluated model and its predictions."""

from pathlib import Path

from tabwright.project.errors import say_interrupts

say_interrupts()  # while libraries are imported, which takes seconds

# In a copy of the project, such as DVC makes for queued experiments, the code of the copy counts.
if (_here := Path("src", __name__).resolve()).is_dir():
    __path__ = [str(_here)]
