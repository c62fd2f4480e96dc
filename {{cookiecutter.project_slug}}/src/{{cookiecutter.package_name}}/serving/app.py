"""Answer requests with the champion: `make serve`, then open http://127.0.0.1:8000/docs."""

from fastapi import FastAPI
from tabwright.project.errors import cli_errors
from tabwright.project.project import Project
from tabwright.serving.app import create_app, run

from ..data.make_dataset import clean


def app() -> FastAPI:
    """The service; routes of your own go here."""
    return create_app(Project.find(), clean)


if __name__ == "__main__":
    with cli_errors():
        run(app())
