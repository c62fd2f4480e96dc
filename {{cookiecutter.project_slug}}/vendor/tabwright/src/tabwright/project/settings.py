"""The parameters of `params.yaml` with their types; the owner can extend `Params` in config.py."""

import re
from collections.abc import Collection
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args
from urllib.parse import unquote

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StrictFloat,
    StrictInt,
    ValidationError,
    ValidationInfo,
    WrapValidator,
)
from pydantic.dataclasses import dataclass
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .errors import ProjectError, did_you_mean
from .git import require_merged

VOTING = "voting"  # of `train.candidates`: the weighted mean of two or more of the others
WEB = ("http://", "https://", "s3://")
LOGIN = re.compile("://[^/@]*:[^@]*@")
WEB_LOGIN = re.compile("://[^/?#@]+@")
SECRET = re.compile(  # a parameter such as sig, X-Amz-Signature, api_key, access_token, password
    "[?&;#=][^?&;#=]*(pass(?![aeiv])|pwd|secret|token|credential|jwt|signature|authorization|keyid|"
    "((?<!ssl)key|(?<![a-z])(auth|sign?|sas))(?![a-z]))[^?&;#=]*=",
    re.IGNORECASE,
)
SAFE = (
    "without a password, token or signature, which git would keep: credentials go into .env (see "
    ".env.example), and a file behind a signed address is downloaded by hand into data/raw"
)
Built = TypeVar("Built")
EXPLAINED = {
    "missing": "is missing. Add it",
    "unexpected_keyword_argument": "is not a parameter or key. Correct or remove it",
    "literal_error": "is {input!r}, not {expected}. Correct it",
    "dict_type": "is no mapping: write `name: value` lines without a dash",
    "dataclass_type": "is no mapping, such as {{type: numeric}}. Correct it",
}
FORBID = ConfigDict(extra="forbid")


def build(kind: type[Built], tree: dict[str, Any], file: str) -> Built:
    """Create a dataclass from the content of a file; a `ProjectError` names each invalid value."""
    try:
        return kind(**{str(key): value for key, value in tree.items()})
    except ValidationError as error:
        said = [_sentence(kind, wrong, file) for wrong in error.errors()]
        raise ProjectError("\n".join(said)) from error


def _sentence(kind: Any, wrong: Any, file: str) -> str:
    place, said = wrong["loc"], wrong["msg"].removeprefix("Value error, ")
    if template := EXPLAINED.get(wrong["type"]):
        said = template.format(input=wrong["input"], **wrong.get("ctx", {}))
    elif wrong["type"] != "value_error":
        said = f"is {wrong['input']!r}: {said[0].lower()}{said[1:]}"
    if wrong["type"] == "unexpected_keyword_argument":
        if file == "params.yaml" and len(place) == 1:
            said += ", or give it a type in `Settings` of config.py"
        said += did_you_mean(place[-1], _keys(kind, place[:-1]))
    if place[0] == "columns" and len(place) > 1:
        file, place = f"{file}, column {place[1]!r}", place[2:]
    name = ".".join(map(str, place))
    return f"{file}: " + f"{name} {said}.".lstrip()


def _keys(kind: Any, place: tuple[Any, ...]) -> list[str]:
    """The keys that a dataclass has at a place in it."""
    for name in place:
        fields = getattr(kind, "__dataclass_fields__", None)
        kind = fields[name].type if fields else [*get_args(kind), None][-2]  # of a mapping
    return list(getattr(kind, "__dataclass_fields__", ()))


def must_be(expected: str, examples: Collection[str] = ()) -> WrapValidator:
    """Replace the message of pydantic by what is expected; a text in place of a list is shown as one.

    The example that looks like the value is shown too.
    """

    def check(value: Any, validate: Any) -> Any:
        try:
            return validate(value)
        except ValidationError as error:
            hint = ""
            if "a list of" in expected and isinstance(value, str):
                quoted = value.startswith("[")  # else it is a single word
                hint = f": write {value}, without quotes" if quoted else f": write [{value}]"
            hint += did_you_mean(value, examples)
            raise ValueError(f"must be {expected}{hint}") from error

    return WrapValidator(check)


def _below_raw(raw: str) -> str:
    if "://" in raw:
        here = "a path below data/raw, not an address; fetch the table and put it there"
        raise ValueError(f"must be {here} ({raw})")
    return raw


def _without_secret(source: str) -> str:
    login = WEB_LOGIN if source.startswith(WEB) else LOGIN
    if login.search(source) or SECRET.search(unquote(source)):
        raise ValueError(f"must be {SAFE}")
    return source


def _deciding(split_by: str, info: ValidationInfo) -> str:
    if bool(split_by) == (info.data.get("split") == "random"):
        raise ValueError("must be the column that decides a chronological or group split")
    return split_by


Number = StrictInt | StrictFloat
Inside = Annotated[StrictFloat, Field(gt=0, lt=1), must_be("in (0, 1)")]
Natural = Annotated[StrictInt, Field(ge=0), must_be("a whole number from 0")]
Rows = Annotated[StrictInt, Field(ge=100), must_be("a whole number from 100")]
Floors = Annotated[dict[str, Number], must_be("a number for each metric, such as {roc_auc: 0.8}")]
GOALS = {  # of `train.threshold`: an example, and its pattern
    "f1": "f1",
    "precision 0.9": r"precision (0?\.\d+|1(\.0+)?)",
    "recall 0.9": r"recall (0?\.\d+|1(\.0+)?)",
    "cost 5": r"cost \d+(\.\d+)?",
    "top 10%": r"top (0?\.\d*[1-9]\d*|[1-9]\d?(\.\d+)?)%",
    "top 500": r"top [1-9]\d*",
}
Goal = Annotated[str, Field(pattern=f"^({'|'.join(GOALS.values())})$")]


@dataclass(frozen=True, config=FORBID)
class DataParams:
    """The data and how it is split."""

    raw: Annotated[
        str, Field(min_length=1), must_be("the path of a file"), AfterValidator(_below_raw)
    ]
    target: Annotated[str, Field(min_length=1), must_be("a column's name")]
    test_size: Inside
    split: Literal["random", "chronological", "group"]
    split_by: Annotated[str, AfterValidator(_deciding)]
    duplicates: Literal["keep", "reject"]
    max_rejected: Annotated[Number, Field(ge=0, le=1), must_be("from 0 to 1")]
    source: Annotated[str, AfterValidator(_without_secret)] = ""
    select: str = ""


@dataclass(frozen=True, config=FORBID)
class TrainParams:
    """Which models are compared, and how."""

    metric: str
    folds: Annotated[StrictInt, Field(ge=2), must_be("a whole number from 2")]
    candidates: Annotated[list[str], Field(min_length=1), must_be("a list of at least one name")]
    threshold: Annotated[Inside | Goal, must_be(f"{', '.join(GOALS)} or a number in (0, 1)", GOALS)]
    n_iter: Annotated[Literal["auto"] | Natural, must_be("auto or a whole number from 0")]
    timeout: Annotated[Number, Field(gt=0), must_be("a number above 0")]
    max_rows: Rows
    skip: Annotated[list[str], must_be("a list of names, such as [forest]")] = field(
        default_factory=list
    )


@dataclass(frozen=True, config=FORBID)
class EvaluateParams:
    """Confidence intervals of the test scores, slices, and the limits of the quality gate."""

    bootstrap: Annotated[StrictInt, Field(ge=10), must_be("a whole number from 10")]
    confidence: Inside
    slices: Annotated[Literal["auto"] | list[str], must_be("auto or a list of columns")] = "auto"
    minimum: Floors = field(default_factory=dict)
    slice_minimum: Floors = field(default_factory=dict)
    max_regression: Annotated[Number, Field(ge=0), must_be("a number from 0")] = 0


@dataclass(frozen=True, config=FORBID)
class Params:
    """All of `params.yaml`."""

    seed: Natural
    data: DataParams
    train: TrainParams
    evaluate: EvaluateParams
    behaviour: Annotated[
        list[dict[str, Any]], must_be("a list such as [{add: {age: 1}, expect: up}], or []")
    ] = field(default_factory=list)


def load_params(path: Path, kind: type[Built]) -> Built:
    """Read `params.yaml` as `Params`, or as a class that adds to them.

    Raises
    ------
    ProjectError
        When the file is not YAML, or a parameter is missing, unknown or out of its range.
    """
    try:
        tree = YAML(typ="safe").load(path)  # of YAML 1.2, as DVC reads it: `no` is a text
    except YAMLError as error:
        require_merged(path.parent, path)
        raise ProjectError(f"{path.name} is not valid YAML, correct it: {error}") from error
    return build(kind, tree if isinstance(tree, dict) else {}, path.name)
