"""The model in MLflow loads where the project is not."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from unittest.mock import patch

import mlflow
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from tabwright.selection import calibration, transformers
from tabwright.selection.persistence import save_model
from tabwright.selection.sources import SourceCode
from tabwright.tracking import logged_model

LOAD = """
import sys
import mlflow, pandas as pd
uri, table = sys.argv[1:]
rows = pd.read_parquet(table)
for load in (mlflow.sklearn.load_model, mlflow.pyfunc.load_model):
    print(load(uri).predict(rows).tolist())
"""


def test_logged_model_predicts_without_the_project(tmp_path: Path) -> None:
    before = mlflow.get_tracking_uri()
    code = SourceCode(tmp_path)
    days = pd.date_range("2024-01-01", periods=40, freq="7h")
    rows = pd.DataFrame({"day": days, "flag": pd.array([True, False] * 20, dtype="boolean")})
    answer = np.where(rows["flag"], "yes", "no")
    features = make_column_transformer(
        (transformers.DateParts(), ["day"]), (transformers.BooleansAsNumbers(), ["flag"])
    )
    chances = np.random.default_rng(0).random((40, 1))
    calibrator = calibration.calibrator(2).fit(chances, (answer == "yes").astype(int))
    classifier = make_pipeline(features, LogisticRegression(max_iter=5000)).fit(rows, answer)
    model = calibration.corrected(classifier, calibrator).fit(rows, answer)
    saved = tmp_path / "model.skops"
    types = save_model(model, saved, code)["types"]
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    try:
        mlflow.create_experiment("one", artifact_location=(tmp_path / "runs").as_uri())
        mlflow.set_experiment("one")
        with mlflow.start_run():
            uri = logged_model.log_model(mlflow, code, model, saved, types, rows)
        folder = Path(mlflow.artifacts.download_artifacts(uri))
    finally:
        mlflow.set_tracking_uri(before)
    rows.to_parquet(tmp_path / "rows.parquet")
    said = subprocess.check_output(
        [sys.executable, "-c", LOAD, str(folder), str(tmp_path / "rows.parquet")],
        cwd=tmp_path,
        text=True,
    )
    assert said.splitlines() == [str(model.predict(rows).tolist())] * 2
    code = sorted(path.relative_to(folder / "code") for path in (folder / "code").rglob("*.py"))
    room = Path("tabwright/selection")
    assert code == [room.parent / "__init__.py", room / "__init__.py", room / "transformers.py"]
    assert sum(path.stat().st_size for path in (folder / "code").rglob("*.py")) < 20_000


def test_requirements_are_pinned_by_the_names_of_packages() -> None:
    """Those with the name they are imported by are found without reading every package there is."""
    with patch.object(logged_model, "packages_distributions", side_effect=AssertionError):
        found = logged_model.requirements({"sklearn", "pandas", "os", "__future__"})
    assert [line.partition("==")[0] for line in found] == ["pandas", "scikit-learn"]
    assert logged_model.requirements({"dateutil", "no_such_library"}) == [
        f"python-dateutil=={version('python-dateutil')}"
    ]
