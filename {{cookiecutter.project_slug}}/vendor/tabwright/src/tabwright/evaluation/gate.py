"""The quality gate: the checks that a model has to pass."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError
from ..project.files import read_json
from ..project.project import Project
from ..project.settings import EvaluateParams
from ..project.text import score
from ..schema.schema import load_schema
from ..selection.metric import Metric
from ..selection.metrics import require_known, task_metrics

MAX_NAMED = 3  # slices below their floor


@dataclass(frozen=True)
class Check:
    """A requirement, whether it is met, and a line with the figures."""

    passed: bool
    words: str

    def __str__(self) -> str:
        return f"{'ok' if self.passed else 'FAILED':6}  {self.words}"


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("gate", __doc__).parse_args(arguments)
    found = present_evaluation(project)["checks"]
    print(*found, sep="\n")
    if not all(check.passed for check in found):
        raise ProjectError(verdict(found))
    print(verdict(found))


def present_evaluation(project: Project) -> dict[str, Any]:
    """What `make evaluate` wrote of the present model: `scores`, `slices`, `tests`; and its `checks`.

    Raises
    ------
    ProjectError
        When one of them is missing or damaged, or `params.yaml` names a metric that does not exist.
    """
    metrics = task_metrics(load_schema(project.schema_file), own=project.metrics)
    files = project.metrics_file, project.slices_file, project.behaviour_file
    try:
        scores, slices, tests = map(read_json, files)
        if not isinstance(slices, list) or not isinstance(tests, list):
            raise TypeError("a list is missing")
        found = checks(scores, slices, tests, project.params.evaluate, metrics)
        return {"scores": scores, "slices": slices, "tests": tests, "checks": found}
    except FileNotFoundError as error:
        name = Path(error.filename).name
        raise ProjectError(f"reports/{name} is missing: `make evaluate` writes it.") from error
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        names = ", ".join(path.name for path in files)
        raise ProjectError(
            f"of {names} in reports one is damaged or from another version ({error!r}): "
            "`dvc repro --force evaluate` writes them again."
        ) from error


def checks(
    scores: dict[str, Any],
    slices: list[dict[str, Any]],
    tests: list[dict[str, Any]],
    params: EvaluateParams,
    metrics: dict[str, Metric],
) -> list[Check]:
    """The checks of a model, from its scores alone: no file is read or written.

    Parameters
    ----------
    scores, slices, tests
        The content of `reports/metrics.json`, `slices.json` and `behaviour.json`.
    params
        For `minimum` and `slice_minimum`.
    metrics
        The metrics of the task by name, as from `task_metrics`.

    Raises
    ------
    ProjectError
        When a minimum names a metric that is not among `metrics`.
    """
    for name in ("minimum", "slice_minimum"):
        require_known(f"evaluate.{name}", getattr(params, name), metrics)
    found = [_baseline(scores)]
    for name, worst in params.minimum.items():
        passed, words = _compare(scores["test"][name], worst, metrics[name])
        found.append(Check(passed, f"{name} on all held-out rows is {words}"))
    for name, worst in params.slice_minimum.items():
        found.append(_slices(name, worst, slices, metrics[name]))
    return [*found, *map(_behaviour, tests)]


def verdict(found: list[Check]) -> str:
    """One sentence: the quality gate passed, or failed and by what."""
    if failed := [check.words for check in found if not check.passed]:
        return f"quality gate failed: {'; '.join(failed)}"
    rest = len(found) - 1
    more = f", and {rest} more {'check holds' if rest == 1 else 'checks hold'}" if rest else ""
    return f"quality gate passed: {found[0].words}{more}"


def _baseline(scores: dict[str, Any]) -> Check:
    """The interval of the gain over the baseline lies above 0."""
    name, gain = scores["metric"], scores["gain_interval"]
    if not math.isfinite(scores["test"][name]):
        return Check(False, f"{name} cannot be computed: {absent_classes(scores)}")
    passed = gain["low"] > 0
    verb = "beats" if passed else "does not beat"
    against = f"{score(scores['test'][name])} against {score(scores['baseline'][name])}"
    figures = f"{name} {against}, gain {score(gain['low'])} to {score(gain['high'])}"
    return Check(passed, f"the model {verb} the baseline ({figures})")


def absent_classes(scores: dict[str, Any]) -> str:
    """Why a metric is undefined: classes of the schema that no held-out row has."""
    if not (absent := scores.get("absent")):
        return "the held-out rows are too few"
    return (
        f"no held-out row is {', '.join(map(repr, absent))}, so it is not scored: add "
        "rows, or change data.split or data.test_size"
    )


def _slices(name: str, worst: float, slices: list[dict[str, Any]], metric: Metric) -> Check:
    """The metric is good enough in every slice that has it."""
    scored = [part for part in slices if name in part["scores"]]
    if not scored:
        words = f"{name} of slices is not known: none of evaluate.slices has enough rows"
        return Check(False, words)
    scored.sort(key=lambda part: metric.improvement(part["scores"][name], worst))
    failed, lines = 0, []
    for part in scored:
        passed, words = _compare(part["scores"][name], worst, metric)
        failed += not passed
        lines.append(f"{part['column']} {part['value']!r} ({part['rows']} rows) {words}")
    if not failed:
        return Check(True, f"{name} in the worst of {len(scored)} slices: {lines[0]}")
    named = ", ".join(lines[: min(failed, MAX_NAMED)])
    more = " and more" if failed > MAX_NAMED else ""
    return Check(False, f"{name} in {failed} of {len(scored)} slices: {named}{more}")


def _behaviour(test: dict[str, Any]) -> Check:
    share = f"{test['pass_rate']:.1%} of {test['rows']} rows, {test['min_pass_rate']:.1%} needed"
    passed = test["pass_rate"] >= test["min_pass_rate"]
    return Check(passed, f"{test['test']}: in {share}")


def _compare(value: float, worst: float, metric: Metric) -> tuple[bool, str]:
    """Whether a score is good enough, and by how much in words; NaN never is."""
    gain = metric.improvement(value, worst)
    limit = "lowest" if metric.greater_is_better else "highest"
    side = "better" if gain >= 0 else "worse"
    words = f"{score(value)}, {score(abs(gain))} {side} than the {limit} allowed ({worst:g})"
    return bool(gain >= 0), words
