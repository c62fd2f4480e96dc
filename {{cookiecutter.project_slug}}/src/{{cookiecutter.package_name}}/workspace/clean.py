"""Remove what can be made again: pipeline outputs and tool caches. Raw data and runs stay."""

from .. import config
from ..config import ROOT
from ..files import remove

OUTPUTS = (
    config.CLEAN,
    config.REJECTED,
    config.TRAIN,
    config.TEST,
    config.UNLABELLED,
    config.TEST_PREDICTIONS,
    config.PREDICTIONS,
    config.ORIGIN,
    config.MODEL,
    config.FIGURES,
    config.DATA_FIGURES,
    config.REPORT,
    config.DATA_REPORT,
    config.DATA_PROFILE,
)
CACHES = (
    ".cache",
    ".dvc/tmp/reproduce",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
    "build",
    "docs/_build",
    "docs/api",
)


def main() -> None:
    caches = [ROOT / name for name in CACHES]
    for folder in ("src", "tests"):
        caches += (ROOT / folder).rglob("__pycache__")
    removed = [remove(path) for path in (*OUTPUTS, *caches)]
    print(
        f"removed {sum(removed)} files and folders; `dvc checkout` brings them back, `make all` anew"
    )


if __name__ == "__main__":
    main()
