"""Tell a person: a message to the webhook of `ALERT_URL`, which Slack and similar services offer."""

import json
import os
import sys
from http.client import HTTPException
from urllib.request import Request, urlopen

SECONDS = 10


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
