"""Tell git how to merge, strip and check the files of this checkout."""

import os
import sys
from pathlib import Path
from shlex import quote

from ..project.commands import run
from ..project.git import git
from . import merge
from .install import PYTHON

HOOKS = ("pre-commit", "pre-push", "post-checkout")
BEGIN = "HERE="  # the line of a hook of pre-commit before which it learns where its tools are
PATHS = 'export PATH="$PWD/.venv/bin:$PWD/.venv/Scripts:$PATH"\n'
LOUD = 'exec "$INSTALL_PYTHON" -mpre_commit "${ARGS[@]}"'
QUIET = """said=$("$INSTALL_PYTHON" -mpre_commit "${ARGS[@]}" 2>&1) || { echo "$said"; exit 1; }
    echo 'pre-commit: all checks passed'"""


def configure_git(root: Path) -> None:
    """Set merge drivers and the filter of notebooks, and install the hooks; safe to repeat.

    `.gitattributes` names them. Where they are not set, git merges lines and keeps outputs.
    """
    prefix = (git(root, "rev-parse", "--show-prefix") or "").strip()  # git runs them at its top
    python = quote(prefix + PYTHON.as_posix())
    script = Path(merge.__file__).relative_to(Path(__file__).parents[5]).as_posix()
    settings = {
        "merge.tabwright.driver": f"{python} {quote(prefix + script)} %O %A %B %P",
        # It merges folders; of two files one has to be chosen.
        "merge.dvc.driver": f"{python} -m dvc git-hook merge-driver "
        "--ancestor %O --our %A --their %B || exit 1",
        "filter.nbstripout.clean": f"{python} -m nbstripout",
    }
    if os.name != "nt":
        # By a shell: DVC's own git stops where a program is not there, as in its copies for experiments.
        settings["filter.nbstripout.clean"] = f"sh -c {quote(f'exec {python} -m nbstripout')}"
    for name, value in settings.items():
        git(root, "config", "--local", name, value)
    if (root / ".git").exists():
        _install_hooks(root)


def _install_hooks(root: Path) -> None:
    """Install the hooks of pre-commit; that before a commit says in one line that all is well."""
    run(sys.executable, "-m", "pre_commit", "install", at=root)
    for name in HOOKS:
        hook = root / (git(root, "rev-parse", "--git-path", f"hooks/{name}") or "").strip()
        if hook.exists():
            text = hook.read_text(encoding="utf-8").replace(BEGIN, f"{PATHS}{BEGIN}", 1)
            text = text.replace(LOUD, QUIET) if name == "pre-commit" else text
            hook.write_text(text, encoding="utf-8", newline="\n")
