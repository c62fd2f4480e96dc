"""A generated project with data under DVC, and the user who works in it."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import servers

RAW = "data/raw/penguins.csv"
PHOTOS = "data/external/photos"


class ProjectWithData:
    """A generated project with data under DVC, and the user who works in it."""

    def __init__(self, path: Path, home: Path, environment: dict[str, str]) -> None:
        self.path = path
        self.home = home
        self.environment = environment | {
            "DVC_GLOBAL_CONFIG_DIR": str(home),
            "DVC_SYSTEM_CONFIG_DIR": str(home),
            "DVC_SITE_CACHE_DIR": str(home / "site"),
            "DVC_NO_ANALYTICS": "1",
            # Without credentials, boto looks for those of the cloud machine it runs on.
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.run("git", "init", "--quiet")

    def add(self) -> None:
        """Put photos and the raw data under DVC."""
        photos = self.path / PHOTOS
        photos.mkdir()
        (photos / "ein Vogel ü.jpg").write_bytes(os.urandom(300_000))
        (photos / "empty").touch()
        self.dvc("add", PHOTOS, RAW)

    def take(self, other: "ProjectWithData") -> None:
        """Have what another project has put under DVC, but raw data of one's own."""
        for folder in (".dvc/cache", Path(PHOTOS).parent):
            shutil.copytree(other.path / folder, self.path / folder, dirs_exist_ok=True)

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command as the user."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert done.returncode == 0 or not check, done.stdout
        return done

    def dvc(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run DVC as the user."""
        return self.run(sys.executable, "-m", "dvc", *arguments, check=check)

    def tabwright(self, command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of the library as the user."""
        code = f"{self.path / 'src'}{os.pathsep}{self.path / 'vendor/tabwright/src'}"
        self.environment |= {"PYTHONPATH": code}
        return self.run(sys.executable, "-m", "tabwright", command, check=check)

    def log_in(self, remote: servers.Remote) -> None:
        """Set the credentials of a remote where they belong."""
        self.environment |= remote.environment
        for option, value in remote.options.items():
            self.dvc("remote", "modify", "--local", "storage", option, value)

    def pull(self, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Pull the data, but not what the pipeline has not made yet."""
        return self.dvc("pull", f"{RAW}.dvc", f"{PHOTOS}.dvc", check=check)

    def hashes(self) -> dict[str, str]:
        """Hash the data in the workspace."""
        files = [self.path / RAW, *(self.path / PHOTOS).glob("*")]
        return {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in files
            if file.exists()
        }

    def wipe(self) -> None:
        """Leave DVC nothing to restore the data from but the remote."""
        wiped = self.home / "wiped"
        wiped.mkdir()
        for path in (RAW, PHOTOS, ".dvc/cache", self.home / "site"):
            if (self.path / path).exists():
                shutil.move(self.path / path, wiped)

    def tracked(self) -> dict[str, bytes]:
        """Return what the next commit would hold."""
        self.run("git", "add", "--all")
        names = self.run("git", "ls-files", "-z").stdout.split("\0")[:-1]
        return {name: (self.path / name).read_bytes() for name in names}
