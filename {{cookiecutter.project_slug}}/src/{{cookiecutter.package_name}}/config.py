"""Your settings and metrics, in addition to those of the library."""

from pydantic.dataclasses import dataclass
from tabwright.project.settings import FORBID, Params
from tabwright.selection.metric import Metric


@dataclass(frozen=True, kw_only=True, config=FORBID)
class Settings(Params):
    """All of `params.yaml`: `project.params` in a step, `Project.find().params` elsewhere."""

    # Your settings, each a key of params.yaml, such as min_age: int


# Your metrics by name, each a Metric(function, greater_is_better, of_classes). `make evaluate` scores
# them; `params.yaml` may name them as `train.metric` and among the minimums.
metrics: dict[str, Metric] = {}
