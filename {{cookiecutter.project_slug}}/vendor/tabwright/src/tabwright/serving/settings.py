"""Settings of the service: variables of the environment or of `.env` that begin with `SERVE_`."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError
from pydantic.dataclasses import dataclass

from ..project.errors import ProjectError, did_you_mean
from ..project.settings import FORBID
from ..request_log.log import KEEP_DAYS, keep_days

PREFIX = "SERVE_"
Count = Annotated[int, Field(ge=1)]


@dataclass(config=FORBID, frozen=True)
class ServeSettings:
    """What the service takes, and how long it keeps what was asked.

    Attributes
    ----------
    host, port
        Where it listens; 0.0.0.0 is every address of the machine.
    body_bytes, rows
        The longest body of a request, and the most rows in it or predicted at once.
    seconds
        Until a request that is not answered is given up.
    queue, concurrency
        Requests that wait for the model, and requests altogether: further ones are told to come back.
    api_key
        What a request must send as `Authorization: Bearer`; empty for none.
    log_days
        How long answers are kept in data/log; 0 for not at all.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    body_bytes: Count = 1_000_000
    rows: Count = 1_000
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 10.0
    queue: Count = 256
    concurrency: Count = 1_000
    api_key: Annotated[str, Field(pattern="^[!-~]*$")] = ""
    log_days: Annotated[int, BeforeValidator(keep_days)] = KEEP_DAYS


def serve_settings(environment: Mapping[str, str]) -> ServeSettings:
    """The settings in an environment.

    Raises
    ------
    ProjectError
        When a value is wrong or a name unknown; the message does not repeat values.
    """
    given = {
        name.removeprefix(PREFIX).lower(): value.strip()
        for name, value in environment.items()
        if name.startswith(PREFIX) and value.strip()
    }
    try:
        return ServeSettings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ProjectError("\n".join(map(_sentence, error.errors()))) from error


def _sentence(wrong: Mapping[str, Any]) -> str:
    name, said = str(wrong["loc"][0]), str(wrong["msg"])
    if wrong["type"] == "unexpected_keyword_argument":
        known = [PREFIX + each.upper() for each in ServeSettings.__dataclass_fields__]
        said = f"is no setting of the service{did_you_mean(PREFIX + name.upper(), known)}"
    if name == "api_key":
        said = "should have no spaces, and only letters, digits and signs of ASCII"
    return f"{PREFIX}{name.upper()}: {said}. Correct or remove it (environment or .env)."
