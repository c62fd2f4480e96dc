"""What rows that are kept hold beyond what the contract expects."""

from ..contract.rules import EMPTY, FROM, ONE_OF
from ..contract.schema import Schema
from ..contract.tally import Tally, in_rows, most_common
from .advice import Advice

SETTLE = "if that is right: `make schema UPDATE=1`; `strict: true` rejects such rows instead"


def new_values(flagged: Tally, schema: Schema) -> list[Advice]:
    """One finding for each column and rule that rows leave."""
    found = []
    for (name, rule), cells in flagged.cells.items():
        rows, values = in_rows(cells), most_common(flagged.words[name, rule])
        if rule == EMPTY:
            kind, message = "empty cells", f"empty in {rows}, the contract says never"
        elif rule.startswith(ONE_OF):
            listed = len(schema.columns[name].categories or [])
            kind, message = "new values", f"{values} in {rows}, not among its {listed} categories"
        elif rule.startswith(FROM):
            message = f"{values} in {rows}, outside {rule.removeprefix(FROM)}"
            kind = "out of range"
        else:
            kind, message = "repeated values", f"{values} in {rows}, after an earlier row"
        found.append(Advice(kind, name, message, SETTLE))
    return found
