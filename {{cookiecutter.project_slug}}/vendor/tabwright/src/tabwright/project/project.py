"""The project that a command works in: where its files are, and its settings."""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv import load_dotenv
from dotenv.parser import parse_stream

from .errors import ProjectError
from .settings import Params, load_params


class _Below:
    """A path below the root of a project."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __get__(self, project: "Project", owner: type) -> Path:
        return project.root / self.path


@dataclass(frozen=True)
class Project:
    """A folder with a `params.yaml`, and the files in it.

    Attributes
    ----------
    root
        The folder.

    Examples
    --------
    >>> project = Project.find()  # doctest: +SKIP
    >>> project.train_file  # doctest: +SKIP
    PosixPath('/home/me/my-ml-project/data/processed/train.parquet')
    """

    root: Path

    params_file = _Below("params.yaml")
    schema_file = _Below("references/schema.yaml")
    data_dictionary_file = _Below("references/data_dictionary.md")
    clean_file = _Below("data/interim/clean.parquet")
    rejected_file = _Below("data/interim/rejected.parquet")
    train_file = _Below("data/processed/train.parquet")
    test_file = _Below("data/processed/test.parquet")
    unlabelled_file = _Below("data/processed/unlabelled.parquet")
    test_predictions_file = _Below("data/processed/test_predictions.parquet")
    predictions_file = _Below("data/processed/predictions.csv")
    train_predictions_file = _Below("data/processed/train_predictions.parquet")
    fingerprint_file = _Below("models/fingerprint.json")
    fitted_file = _Below("models/fitted.skops")
    selection_file = _Below("models/selection.json")
    seconds_file = _Below("models/seconds.json")
    model_file = _Below("models/model.skops")
    promotions_file = _Below("models/champion.json")
    export_file = _Below("models/export.json")
    champions_folder = _Below("models/champions")
    shadow_file = _Below("models/shadow.json")
    log_folder = _Below("data/log")
    candidates_file = _Below("reports/candidates.json")
    metrics_file = _Below("reports/metrics.json")
    slices_file = _Below("reports/slices.json")
    behaviour_file = _Below("reports/behaviour.json")
    warnings_file = _Below("reports/warnings.json")
    figures_folder = _Below("reports/figures/evaluation")
    data_figures_folder = _Below("reports/figures/data")
    runs_folder = _Below("reports/runs")
    lab_notebook_file = _Below("reports/lab_notebook.md")
    report_file = _Below("reports/report.html")
    data_report_file = _Below("reports/data.html")
    data_profile_file = _Below("reports/data_profile.html")
    model_card_file = _Below("reports/model_card.md")
    monitoring_file = _Below("reports/monitoring.json")
    monitoring_report_file = _Below("reports/monitoring.html")

    @classmethod
    def find(cls, start: Path | None = None) -> "Project":
        """The project around a folder, the current one if None, with its `.env` loaded.

        Raises
        ------
        ProjectError
            When neither the folder nor one above it has a `params.yaml`, or `.env` is damaged.
        """
        try:
            here = (start or Path.cwd()).resolve()
        except FileNotFoundError as error:
            raise ProjectError("this folder was deleted: go to the folder of a project.") from error
        for folder in (here, *here.parents):
            if (folder / "params.yaml").is_file():
                project = cls(folder)
                _load_env_file(project.home / ".env")
                return project
        raise ProjectError(f"no params.yaml in {here} or above it: go to the folder of a project.")

    @cached_property
    def home(self) -> Path:
        """The original project: a queued experiment runs in a copy, <project>/.dvc/tmp/exps/<name>."""
        copied = (folder.parent for folder in self.root.parents if folder.name == ".dvc")
        return next(copied, self.root)

    @property
    def database_file(self) -> Path:
        """MLflow's database, which copies of the project share."""
        return self.home / "mlflow.db"

    @cached_property
    def _named(self) -> dict[str, str]:
        """`[tool.tabwright]` in pyproject.toml; empty if there is none."""
        try:
            tree = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ProjectError(f"pyproject.toml cannot be read, correct it: {error}") from error
        return {name: str(text) for name, text in tree.get("tool", {}).get("tabwright", {}).items()}

    @property
    def package(self) -> str:
        """The owner's package; empty if pyproject.toml names none."""
        return self._named.get("package", "")

    @property
    def title(self) -> str:
        """The name in headings of reports: that in pyproject.toml, else the folder's."""
        return self._named.get("title", "") or self.root.name.replace("-", " ")

    @property
    def name(self) -> str:
        """The name of the experiment and of the registered model in MLflow."""
        return self.package or self.root.name

    def owner(self, module: str, name: str, default: Any) -> Any:
        """An object of the owner's package, such as `clean` in `data.make_dataset`, or the default."""
        if not self.package:
            return default
        path = f"{self.package}.{module}"
        try:
            return getattr(import_module(path), name, default)
        except ModuleNotFoundError as error:
            if error.name and f"{path}.".startswith(f"{error.name}."):
                return default
            if not error.name or error.name.partition(".")[0] == self.package:
                raise
            raise ProjectError(
                f"{path} imports {error.name}, which is not installed: `make setup` if pyproject.toml "
                "names it; if not, add it there, then `make lock setup`."
            ) from error

    @cached_property
    def params(self) -> Params:
        """The settings of `params.yaml`, as the owner's `Settings` if that is defined."""
        settings: type[Params] = self.owner("config", "Settings", Params)
        return load_params(self.params_file, settings)

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The owner's metrics by name, in addition to those of the library."""
        return dict(self.owner("config", "metrics", {}))

    @property
    def raw_file(self) -> Path:
        """The file or folder of raw data."""
        return self.root / self.params.data.raw

    def short(self, path: Path) -> str:
        """A path for messages: relative to the root, if it is below."""
        return (
            path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
        )


def _load_env_file(path: Path) -> None:
    """Set the variables of `.env` that the shell has not set; a damaged line is an error."""
    try:
        text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
        for name, value, (written, line), damaged in parse_stream(StringIO(text)):
            if damaged or (name and value is None):
                line += written[: -len(written.lstrip())].count("\n")
                raise ProjectError(f".env, line {line}: not NAME=value; see .env.example.")
        load_dotenv(stream=StringIO(text), interpolate=False)
    except (OSError, ValueError) as error:
        raise ProjectError(f".env cannot be read ({error}). Save it as UTF-8 text.") from error
