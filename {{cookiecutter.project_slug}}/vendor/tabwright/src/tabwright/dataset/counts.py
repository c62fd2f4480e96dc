"""Count the rows of each file of the dataset."""

from ..io.parquet import read_parquet, rows_in
from ..project.project import Project


def count_rows(project: Project) -> dict[str, int]:
    """The number of clean, train, test, unlabelled and rejected rows."""
    tables = (project.clean_file, project.train_file, project.test_file, project.unlabelled_file)
    counts = {path.stem: rows_in(path) for path in tables}
    # A line for each broken rule.
    rejected = read_parquet(project.rejected_file, columns=["rejected_row"])
    return {**counts, "rejected": rejected["rejected_row"].nunique()}
