"""Predict every row of a file: `make predict INPUT=new.csv OUTPUT=predictions.csv`."""

import argparse

from tabwright.prediction.predict import predict
from tabwright.project.errors import cli_errors
from tabwright.project.project import Project

from ..data.make_dataset import clean


def main(project: Project, arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", help="a file or folder (default: rows without a target)")
    parser.add_argument("--output", help="a CSV or .parquet file; of a folder a folder")
    parser.add_argument("--strict", action="store_true", help="refuse a file that has any such row")
    options = parser.parse_args(arguments)
    output = options.output or project.predictions_file
    predict(project, options.input, output, clean, strict=options.strict)


if __name__ == "__main__":
    with cli_errors():
        main(Project.find())
