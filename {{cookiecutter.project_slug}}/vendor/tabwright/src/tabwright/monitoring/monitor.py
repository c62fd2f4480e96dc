"""Watch the champion at work: write reports/monitoring.html and .json, say what is to be done."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..project.commands import Arguments, command_parser
from ..project.environment import set_environment
from ..project.files import write_json
from ..project.project import Project
from ..reports.page import figures_in, fill, write_page
from ..tracking.names import run_name
from ..tracking.record import now
from .alert import alert
from .decide import NONE
from .watch import Watch, Window, collect

WORDS = {
    "none": "nothing is to be done",
    "look": "see what has changed",
    "retrain": "train again: `make act` does it",
    "rollback": "go back to the previous champion: `make act AUTO=1` does it",
}


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("monitor", __doc__).parse_args(arguments)
    set_environment(project)
    watch = collect(project)
    if watch is None:
        write_json(project.monitoring_file, {"action": NONE, "why": ["no model is promoted"]})
        print("no model is promoted yet, so none is watched: `make register promote` first")
        return
    write_json(project.monitoring_file, as_json(watch))
    write_page(project.monitoring_report_file, render(project, watch))
    for sentence in [*watch.why, *watch.notes]:
        print(f"  {sentence}")
    print(f"{watch.action}: {WORDS[watch.action]}")
    if watch.action != NONE:
        alert(f"{project.title}: {watch.action}. {'; '.join(watch.why)}")


def as_json(watch: Watch) -> dict[str, Any]:
    """What other programs read: `action` and `why` first."""
    state = watch.state
    return {
        "action": watch.action,
        "why": watch.why,
        "at": now(),
        "champion": {
            "version": watch.used.version,
            "run": watch.used.run,
            "trained": watch.trained,
            "age_days": watch.age_in_days,
        },
        "answers": watch.answers,
        "outcomes": watch.outcomes,
        "outcomes_since_training": state.labelled,
        "outcomes_needed": state.needed,
        "shadow": {"model": state.shadow, "compared": str(state.pair)} if state.shadow else None,
        "windows": [_window(window) for window in watch.recent],
        "windows_with_outcomes": [_window(window) for window in watch.labelled],
        "live": watch.live,
        "notes": watch.notes,
    }


def _window(window: Window) -> dict[str, Any]:
    found: dict[str, Any] = {"start": window.start, "end": window.end}
    found["rows"] = len(window.predicted.rows)
    if window.score is not None:
        found |= window.numbers
    return found | {"findings": [vars(one) for one in window.found]}


def render(project: Project, watch: Watch) -> str:
    """The page, with its figures in it."""
    from .figures import draw_watch  # of matplotlib, which reads the environment

    with TemporaryDirectory() as name:
        drawn = draw_watch(watch, Path(name))
        figures = figures_in(Path(name))
    predicted = [window.predicted for window in [*watch.labelled, *watch.recent]]
    lasting = {one.key for one in [*watch.state.rows, *watch.state.outcomes]}
    newest = [one for each in (watch.labelled, watch.recent) if each for one in each[-1].found]
    return fill(
        "monitoring.html.jinja",
        title=project.title,
        watch=watch,
        what=WORDS[watch.action].replace("`", ""),
        run=run_name(watch.used.run),
        metric=predicted[0].deciding if predicted else "",
        newest=newest,
        lasting=lasting,
        days=watch.batches.head(14).to_dict("records"),
        drawn=drawn,
        figures=figures,
    )
