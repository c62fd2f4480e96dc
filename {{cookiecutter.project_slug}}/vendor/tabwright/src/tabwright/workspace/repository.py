"""Make the Git repository of a new project, and its first commit; works before anything is installed."""

from pathlib import Path

from .install import InstallError, run


def place(root: Path) -> str | None:
    """Where in its Git repository the project is: empty at the top, None without one."""
    try:
        return run(root, "git", "rev-parse", "--show-prefix")
    except InstallError:
        return None


def make_repository(root: Path) -> str:
    """Make a repository, unless there is one around that is not a template's clone; say so then."""
    if place(root) is not None:
        around = Path(run(root, "git", "rev-parse", "--show-toplevel"))
        if not (around / "cookiecutter.json").exists():
            return "left alone: the folder is already inside a git repository"
    return run(root, "git", "-c", "init.defaultBranch=main", "init", "--quiet")


def first_commit(root: Path, message: str, author: str) -> str:
    """Commit everything in a new repository, under this author when Git knows no other; say so then.

    Raises
    ------
    InstallError
        When there is no repository, or Git says no.
    """
    inside = place(root)
    if inside is None:
        raise InstallError("there is no git repository")
    if inside or run(root, "git", "rev-list", "--all", "--max-count=1"):
        return "left to you: the repository is not new"
    run(root, "git", "add", "--all")
    commit = ("commit", "--quiet", "--no-verify", "--message", message)
    try:
        return run(root, "git", "-c", "user.useConfigOnly=true", *commit)
    except InstallError:
        who = ("-c", f"user.name={author}", "-c", f"user.email={root.name}@localhost")
        run(root, "git", *who, *commit)
        return f"as {author}"
