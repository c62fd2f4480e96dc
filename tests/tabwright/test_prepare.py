"""`make setup` shows what was guessed of the data before anything is trained."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from support.default_project import LIBRARY, default_project
from support.generator import Generator


def prepare(project: Path) -> subprocess.CompletedProcess[str]:
    """Run what `make setup` runs once the environment is there, where there is no git."""
    own = {
        "PYTHONPATH": f"{project / 'src'}{os.pathsep}{LIBRARY}",
        "DVC_SITE_CACHE_DIR": str(project.parent / "dvc"),
    }
    return subprocess.run(
        [sys.executable, "-m", "tabwright", "prepare"],
        cwd=project,
        env=os.environ | own | {"GIT_CEILING_DIRECTORIES": str(project.parents[1])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The default project, which had no log of promotions, after setup; and what setup said."""
    root = tmp_path_factory.mktemp("prepared") / "work" / "project"
    shutil.copytree(default_project(), root)
    (root / "models/champion.json").unlink()
    done = prepare(root)
    assert done.returncode == 0, done.stderr
    return root, done.stdout


def test_schema_is_there_after_setup_and_stays(prepared: tuple[Path, str]) -> None:
    project, said = prepared
    schema = project / "references/schema.yaml"
    assert "wrote references/schema.yaml: classification of 'sex'" in said
    assert "numeric" in said
    lock = yaml.safe_load((project / "dvc.lock").read_text(encoding="utf-8"))
    assert lock["stages"].keys() == {"schema"}  # so that the first run does not infer it again
    before = schema.read_bytes()
    assert prepare(project).returncode == 0
    assert schema.read_bytes() == before


def test_project_without_a_log_of_promotions_gets_an_empty_one(
    prepared: tuple[Path, str],
) -> None:
    assert (prepared[0] / "models/champion.json").read_text(encoding="utf-8") == "[]\n"


def test_error_of_the_process_that_makes_the_database_is_a_sentence(tmp_path: Path) -> None:
    project = Path(shutil.copytree(default_project(), tmp_path / "work" / "project"))
    (project / "data/raw/penguins.csv").unlink()  # which takes time and is not needed for that
    (project / "mlflow.db").write_bytes(b"no database" * 100)
    done = prepare(project)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the database of runs: ")
    assert "`mv mlflow.db mlflow.db.damaged`" in done.stderr


def test_missing_table_and_then_a_wrong_target_are_told(
    prepared: tuple[Path, str], tmp_path: Path
) -> None:
    wide = pd.DataFrame([[1] * 300, [2] * 300], columns=[f"c{n}" for n in range(300)])
    generator = Generator(tmp_path)
    table = generator.folder / "wide.parquet"
    wide.to_parquet(table)
    project = generator(raw_data="wide.parquet", target="C150").path
    shutil.copyfile(prepared[0] / "mlflow.db", project / "mlflow.db")
    (project / "data/raw/wide.parquet").unlink()
    done = prepare(project)
    assert done.returncode == 0
    assert "data/raw/wide.parquet is missing" in done.stdout
    shutil.copyfile(table, project / "data/raw/wide.parquet")
    done = prepare(project)
    assert done.returncode == 1
    said = done.stderr.strip().splitlines()[-1]
    assert "'C150' is not a column" in said
    assert "The file has: c150, " in said  # the closest, then the first and the last ones
    assert " c0, c1, " in said
    assert "c298, c299. " in said
    assert not (project / "references/schema.yaml").exists()
