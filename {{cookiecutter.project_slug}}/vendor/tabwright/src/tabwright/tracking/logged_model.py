"""The model in MLflow's own form, for its registry and servers."""

import shutil
import sys
import warnings
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import Mock, patch

import pandas as pd
from sklearn.base import BaseEstimator

from ..selection.sources import SourceCode

# Named otherwise than they are imported; finding that out takes half a second.
PACKAGES = {"dotenv": "python-dotenv", "sklearn": "scikit-learn", "yaml": "pyyaml"}


def log_model(
    mlflow: Any,
    code: SourceCode,
    model: BaseEstimator,
    saved: Path,
    types: list[str],
    features: pd.DataFrame,
) -> str:
    """Log a model in MLflow's own form, for its registry and servers; return where it is.

    The code of the owner and of this library that it needs goes with it: it loads where the project
    is not.

    Parameters
    ----------
    saved, types
        The file that `save_model` wrote, and the `types` it returned.
    """
    sample = features.head(100)
    with warnings.catch_warnings(action="ignore"):  # on missing numbers, which the contract allows
        signature = mlflow.models.infer_signature(sample, model.predict(sample))
    files, libraries = code.needed([*types, "pandas", "skops", "sklearn"])
    with TemporaryDirectory() as folder:
        for file, place in files.items():
            copy = Path(folder, place)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
        # MLflow would write the model once more, and read it to see that it can: a second or more.
        with patch.multiple("skops.io", dump=lambda _, path: shutil.copy(saved, path), load=Mock()):
            logged = mlflow.sklearn.log_model(
                model,
                name="model",
                serialization_format="skops",
                skops_trusted_types=types,
                signature=signature,
                code_paths=[str(path) for path in Path(folder).iterdir()] or None,
                pip_requirements=requirements(libraries),
            )
    return str(logged.model_uri)


def requirements(libraries: set[str]) -> list[str]:
    """Packages with their versions, by the names they are imported by."""
    names = set()
    for library in libraries - sys.stdlib_module_names:
        try:
            version(name := PACKAGES.get(library, library))
            names.add(name)
        except PackageNotFoundError:  # another name than that
            names.update(packages_distributions().get(library, []))
    return [f"{name}=={version(name)}" for name in sorted(names)]
