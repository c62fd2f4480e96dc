"""The owner's package of the template, imported where it stands under the name `owner`."""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator
from tabwright.project.settings import Params
from tabwright.schema.schema import Schema
from tabwright.selection.fit import calibrate_and_threshold

TEMPLATE = Path(__file__).parents[2]
(PROJECT,) = TEMPLATE.glob("{{*}}")
(PACKAGE,) = (PROJECT / "src").glob("{{*}}")

_spec = spec_from_file_location(
    "owner", PACKAGE / "__init__.py", submodule_search_locations=[str(PACKAGE)]
)
assert _spec is not None
assert _spec.loader is not None
sys.modules["owner"] = module_from_spec(_spec)
_spec.loader.exec_module(sys.modules["owner"])

make_dataset = import_module("owner.data.make_dataset")
build_features = import_module("owner.features.build_features")
candidates = import_module("owner.models.candidates")
train_model = import_module("owner.models.train_model")


def fit_model(
    rows: pd.DataFrame, schema: Schema, params: Params
) -> tuple[BaseEstimator, dict[str, Any]]:
    """The model that `make train` makes, and the facts about it."""
    fit = train_model.select_model(rows, schema, params)
    return calibrate_and_threshold(fit, schema, params.train.threshold)
