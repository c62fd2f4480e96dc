"""Read the dashboard of a project: its panels, and the metrics that their queries name."""

import json
from pathlib import Path
from typing import Any

import promql_parser


def dashboard(project: Path) -> dict[str, Any]:
    """The model of the dashboard."""
    path = project / "deploy/grafana/dashboards/service.json"
    return json.loads(path.read_text(encoding="utf-8"))


def metrics(project: Path) -> set[str]:
    """The names of time series in all queries; a query that is none is an error."""
    named = set[str]()

    def visit(expression: promql_parser.Expr) -> None:
        if isinstance(expression, promql_parser.VectorSelector):
            named.add(expression.name)

    for panel in dashboard(project)["panels"]:
        for target in panel["targets"]:
            query = target["expr"].replace("$__rate_interval", "5m")
            promql_parser.walk(promql_parser.parse(query), visit)
    return named
