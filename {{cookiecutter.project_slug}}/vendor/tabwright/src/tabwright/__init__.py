"""Train, evaluate, promote and use models of tables, in a project made by cookiecutter-ml-project."""

import sys

if sys.argv[:1] == ["-m"]:  # `python -m`, whose imports take seconds, too
    from .project.errors import say_interrupted

    sys.excepthook = say_interrupted

__version__ = "0.1.0"
