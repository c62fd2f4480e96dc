"""Data goes to each kind of DVC remote and comes back the same."""

import hashlib
import re
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import boto3
import pytest
from support import servers
from support.project_with_data import PHOTOS, RAW, ProjectWithData

TABLE = "data/raw/table.csv"
PLUGINS = ("s3", "gs", "azure", "ssh", "webdav")


@pytest.mark.parametrize("kind", servers.KINDS)
def test_round_trip(kind: str, generate: Callable[..., ProjectWithData], tmp_path: Path) -> None:
    with servers.KINDS[kind](tmp_path / "server") as remote:
        project = generate(dvc_remote=remote.url)
        pins_the_plugin_that_is_tested(project.path, kind)
        before = project.hashes()
        assert len(before) == 3
        if remote.secret:
            assert project.dvc("push", check=False).returncode != 0
        project.log_in(remote)
        assert "4 files pushed" in project.dvc("push").stdout
        project.wipe()
        assert project.hashes() == {}
        project.pull()
        assert project.hashes() == before
        tracked = project.tracked()
        assert {".dvc/config", f"{RAW}.dvc", f"{PHOTOS}.dvc"} <= tracked.keys()
        assert not {RAW, ".dvc/config.local"} & tracked.keys()
        if remote.secret:
            assert not [name for name, text in tracked.items() if remote.secret.encode() in text]


def pins_the_plugin_that_is_tested(project: Path, kind: str) -> None:
    """A project has one plugin, at the version that is installed here."""
    found = {plugin for plugin in PLUGINS if (project / f"requirements-{plugin}.txt").exists()}
    assert found == {kind} & {*PLUGINS}
    for plugin in found:
        pins = (project / f"requirements-{plugin}.txt").read_text(encoding="utf-8")
        assert re.search(rf"^dvc-{plugin}==(\S+)", pins, re.MULTILINE)[1] == version(
            f"dvc-{plugin}"
        )


def test_default_remote_comes_into_being_on_the_first_push(
    generate: Callable[..., ProjectWithData],
) -> None:
    project = generate()
    remote = project.path.with_name(f"{project.path.name}-remote")
    before = project.hashes()
    assert not remote.exists()
    project.dvc("push")
    assert (remote / "files").is_dir()
    project.wipe()
    project.pull()
    assert project.hashes() == before


def test_raw_data_in_s3_is_pinned_and_outlives_its_source(
    generate: Callable[..., ProjectWithData], tmp_path: Path
) -> None:
    with servers.s3(tmp_path / "server") as store:
        client = boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=store.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="somebody",
            aws_secret_access_key=store.secret,
        )
        bucket = store.url.split("/")[2]
        client.put_object(Bucket=bucket, Key="a/table.csv", Body=b"a,y\n1,2\n")
        project = generate(raw_data=f"s3://{bucket}/a/table.csv", target="y")
        project.environment |= store.environment
        project.tabwright("fetch")
        raw, pointer = project.path / TABLE, project.path / f"{TABLE}.dvc"
        pinned = pointer.read_text(encoding="utf-8")
        assert raw.read_bytes() == b"a,y\n1,2\n"
        assert "etag: " in pinned
        client.put_object(Bucket=bucket, Key="a/table.csv", Body=b"a,y\n3,4\n")
        project.tabwright("fetch")
        assert raw.read_bytes() == b"a,y\n3,4\n"
        assert pointer.read_text(encoding="utf-8") != pinned
        client.delete_object(Bucket=bucket, Key="a/table.csv")
        failed = project.tabwright("fetch", check=False)
        assert failed.returncode == 1
        assert "it does not exist, or the server does not answer" in failed.stdout
        assert raw.read_bytes() == b"a,y\n3,4\n"
        assert not [
            name for name, text in project.tracked().items() if store.secret.encode() in text
        ]
    project.dvc("push")
    raw.unlink()
    shutil.rmtree(project.path / ".dvc/cache")
    project.dvc("pull", f"{TABLE}.dvc")
    assert raw.read_bytes() == b"a,y\n3,4\n"


# The clients of the object stores repeat their attempts for up to a minute and a half.
@pytest.mark.parametrize("kind", ["ssh", "webdav"])
def test_unreachable_remote_fails(
    kind: str, generate: Callable[..., ProjectWithData], tmp_path: Path
) -> None:
    with servers.KINDS[kind](tmp_path / "server") as remote:
        project = generate(dvc_remote=remote.url)
        project.log_in(remote)
    assert project.dvc("push", check=False).returncode != 0
    project.wipe()
    said = project.tabwright("pull", check=False)
    assert said.returncode == 1
    assert f"error: the DVC remote {remote.url.split(':')[0]}" in said.stdout
    assert "is not reachable" in said.stdout
    assert project.hashes() == {}


@pytest.mark.parametrize("kind", ["s3", "ssh", "webdav"])
def test_what_was_never_pushed_is_not_taken_for_unreachable(
    kind: str, generate: Callable[..., ProjectWithData], tmp_path: Path
) -> None:
    with servers.KINDS[kind](tmp_path / "server") as remote:
        project = generate(dvc_remote=remote.url)
        project.log_in(remote)
        project.wipe()
        said = project.tabwright("pull", check=False)
        assert said.returncode == 1
        assert f"{PHOTOS}, {RAW} were never pushed to the DVC remote {kind}" in said.stdout
        assert "Traceback" not in said.stdout


def test_push_to_a_file_fails(generate: Callable[..., ProjectWithData], tmp_path: Path) -> None:
    storage = tmp_path / "storage"
    storage.write_text("not a folder", encoding="utf-8")
    push = generate(dvc_remote=storage.as_posix()).dvc("push", check=False)
    assert push.returncode != 0
    assert "pushed" not in push.stdout


def test_push_to_a_read_only_remote_fails(
    generate: Callable[..., ProjectWithData], tmp_path: Path
) -> None:
    with servers.webdav(tmp_path / "server", readonly=True) as remote:
        project = generate(dvc_remote=remote.url)
        project.log_in(remote)
        push = project.dvc("push", check=False)
    assert push.returncode != 0
    assert not list((tmp_path / "server/storage").iterdir())


def flip(content: bytes) -> bytes:
    """Change one bit and keep the size."""
    return bytes([content[0] ^ 1]) + content[1:]


def truncate(content: bytes) -> bytes:
    """Keep the first half."""
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("kind", "damage"),
    [("path", flip), ("path", truncate), ("ssh", flip), ("webdav", truncate)],
)
def test_damaged_object_is_refused(
    kind: str,
    damage: Callable[[bytes], bytes],
    generate: Callable[..., ProjectWithData],
    tmp_path: Path,
) -> None:
    with servers.KINDS[kind](tmp_path / "server") as remote:
        project = generate(dvc_remote=remote.url)
        project.log_in(remote)
        content = (project.path / RAW).read_bytes()
        before = project.hashes()
        project.dvc("push")
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        stored = tmp_path / "server/storage/files/md5" / md5[:2] / md5[2:]
        mode = stored.stat().st_mode
        stored.chmod(0o644)
        stored.write_bytes(damage(content))
        # DVC does not look into a file that nobody may write to, unless told to verify.
        stored.chmod(mode)
        project.wipe()
        assert project.pull(check=False).returncode != 0
    assert before.keys() - project.hashes().keys() == {Path(RAW).name}
