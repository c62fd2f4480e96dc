"""The model in the shadow: it predicts what the champion predicts, and is compared with it.

`models/shadow.json` is kept by git, its model by DVC below `models/champions`, as those of champions are.
"""

from dataclasses import dataclass

from ..project.errors import ProjectError
from ..project.files import read_json, write_json
from ..project.git import require_readable
from ..project.project import Project
from .champion import Promotion, promotion_log, version_number

SHARE = "share"


@dataclass(frozen=True)
class Shadow:
    """A model that predicts beside the champion.

    Attributes
    ----------
    entry
        As in the promotion log; `load_champion` loads its model.
    share
        Of the rows whose answer is the shadow's, chosen by a hash of their identifier; 0 for none.
    """

    entry: Promotion
    share: float


def current_shadow(project: Project) -> Shadow | None:
    """What `models/shadow.json` says; None when it is absent, or names the champion.

    Raises
    ------
    ProjectError
        When the file is damaged.
    """
    if not project.shadow_file.exists():
        return None
    remedy = "`make shadow END=1` ends the shadow, `make shadow RUN=...` begins one"
    with require_readable(project.root, project.shadow_file, remedy):
        entry = read_json(project.shadow_file)
        entry["run"], entry["version"], entry["model_md5"], entry["schema_md5"]
        share = float(entry.pop(SHARE))
    log = promotion_log(project)
    if log and log[-1]["run"] == entry["run"]:
        return None
    return Shadow(entry | {"version": version_number([entry, *log], entry["run"])}, share)


def begin_shadow(project: Project, entry: Promotion, share: float) -> None:
    """Put a model in the shadow in place of another that may be there."""
    write_json(project.shadow_file, entry | {SHARE: share})


def end_shadow(project: Project) -> None:
    """Let no model predict in the shadow; its files stay."""
    project.shadow_file.unlink(missing_ok=True)


def parse_share(text: str) -> float:
    """A share from 0 to 1.

    Raises
    ------
    ProjectError
        When the text is none.
    """
    try:
        share = float(text or 0)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ProjectError(
            f"SHARE is {text!r}, not a share from 0 to 1 of the rows that the shadow answers: 0, the "
            "default, lets it answer none."
        )
    return share
