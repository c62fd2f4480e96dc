"""Tell a person by the webhook of `ALERT_URL`, as Slack and similar services have them: `make alert`."""

import json
import os
import sys
from http.client import HTTPException
from urllib.request import Request, urlopen

from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError
from ..project.project import Project

SECONDS = 10


def main(project: Project, arguments: Arguments = None) -> None:
    """Print a message and send it."""
    parser = command_parser("alert", __doc__)
    parser.add_argument("--what", default="", help="the message")
    what = parser.parse_args(arguments).what
    if not what:
        raise ProjectError('there is nothing to tell: `make alert WHAT="..."`.')
    print(f"{project.title}: {what}")
    alert(f"{project.title}: {what}")


def alert(text: str) -> None:
    """Post a message, if there is a webhook; what fails is a line on stderr, without the address."""
    address = os.environ.get("ALERT_URL", "")
    if not address:
        return
    if not address.startswith(("https://", "http://")):
        print("no alert is sent: ALERT_URL is no http(s) address", file=sys.stderr)
        return
    body, head = json.dumps({"text": text}).encode(), {"Content-Type": "application/json"}
    try:
        with urlopen(Request(address, body, head), timeout=SECONDS):
            pass
    except (OSError, HTTPException, ValueError) as error:  # of the address too, which is a secret
        why = str(error).replace(address, "ALERT_URL")
        print(f"the alert was not sent: {why}", file=sys.stderr)
