"""Train, evaluate, promote and use models of tables, in a project made by cookiecutter-ml-project."""

__version__ = "0.1.0"
