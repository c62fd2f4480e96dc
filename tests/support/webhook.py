"""A webhook on this machine, as Slack and similar services have them."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


class Webhook:
    """What it received; it answers the status that is set."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.status, self.address = 200, ""


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Listen on a free port."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        hook.address = f"http://127.0.0.1:{server.server_port}/secret"
        yield hook
        server.shutdown()
