"""The figures in docs/cluster.md are those of the simulation."""

import sys

import pytest
from support.generator import TEMPLATE

sys.path.append(str(TEMPLATE / "benchmarks"))
import cluster_model

PAGE = (TEMPLATE / "docs/cluster.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("made", ["log_table", "memory_table"])
def test_page_has_what_is_computed(made: str) -> None:
    assert set(getattr(cluster_model, made)()) <= set(PAGE)


def test_page_has_what_is_simulated() -> None:
    assert set(cluster_model.table(cluster_model.PLANS)) <= set(PAGE)


def test_simulation_keeps_to_what_is_certain() -> None:
    for plan in cluster_model.PLANS[1:]:
        found = cluster_model.simulate(plan)
        cores = cluster_model.MACHINES * cluster_model.CORES
        least = max(
            plan.files * (cluster_model.FILE + plan.rows / cluster_model.RATE) / cores,
            2 * plan.files * cluster_model.SCHEDULER,
            plan.files * cluster_model.CLIENT,
            plan.files * plan.rows * sum(cluster_model.BYTES[plan.kind]) / plan.storage,
        )
        rounds = -(-plan.files // cores)
        most = cluster_model.START + least + rounds * plan.rows / cluster_model.RATE
        assert least <= found.seconds <= most + 2 * plan.files * cluster_model.SCHEDULER
