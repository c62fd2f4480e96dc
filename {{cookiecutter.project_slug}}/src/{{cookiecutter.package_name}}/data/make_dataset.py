"""Raw file -> typed and checked rows (interim) -> train, test and unlabelled rows (processed)."""

import pandas as pd
from tabwright.dataset.check_rows import check_rows
from tabwright.dataset.checks.checks import check_dataset
from tabwright.dataset.dictionary import write_data_dictionary
from tabwright.dataset.split import require_split_column, split_rows
from tabwright.project.errors import cli_errors
from tabwright.project.project import Project
from tabwright.schema.rules import describe
from tabwright.schema.schema import load_schema, print_positive_class


def clean(rows: pd.DataFrame) -> pd.DataFrame:
    """Your place to repair cells, derive columns, join other tables and leave out rows.

    It is applied before the schema sees the rows: when that is inferred and compared, in
    `make data`, and in `make predict`, whose files may lack the target. A large file comes in
    batches, so each row has to be cleaned by itself. docs/recipes.md shows how.

    Parameters
    ----------
    rows
        Rows as they were read: text cells, or the types of a Parquet file. The index has the
        number of each row, from 1.

    Returns
    -------
    DataFrame
        The rows to go on with, with the index they came with.
    """
    return rows


def make_dataset(project: Project) -> None:
    """Check every row, split what is kept, and look for what would spoil a model."""
    schema = load_schema(project.schema_file)
    require_split_column(schema, project.params.data)
    print_positive_class(schema)
    with check_rows(project, schema, clean) as checked:
        counts = split_rows(project, schema, checked.clean_file)
    write_data_dictionary(project, schema)
    print(
        f"{checked.rows} rows: {counts['train']} to train on, {counts['test']} to test on, "
        f"{counts['unlabelled']} without {schema.target!r} to predict, {checked.rejected} rejected"
        + (f", {checked.left_out} left out by clean()" if checked.left_out else "")
    )
    if checked.rejected:
        print(describe(checked.problems))
    print(check_dataset(project, schema, checked, clean))


if __name__ == "__main__":
    with cli_errors():
        make_dataset(Project.find())
