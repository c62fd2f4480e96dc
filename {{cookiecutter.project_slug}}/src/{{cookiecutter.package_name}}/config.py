"""Your settings and metrics, in addition to those of the library."""

from pydantic.dataclasses import dataclass
from tabwright.project.settings import FORBID, Params
from tabwright.selection.metric import Metric


@dataclass(frozen=True, config=FORBID)
class Settings(Params):
    """All of `params.yaml`; a field you add here is a key there, such as `min_age: int = 18`."""


# Your metrics by name, each a Metric(function, greater_is_better, of_classes). They are scored by
# `make train evaluate`, and may be named in `params.yaml` as `train.metric` and as a minimum.
metrics: dict[str, Metric] = {}
