"""An ONNX graph in the making."""

from collections.abc import Sequence
from itertools import count
from typing import Any, TypeAlias

import numpy as np
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from ..project.errors import ProjectError
from ..schema.schema import Schema

# Trees take doubles from version 5 of ai.onnx.ml on.
OPSETS = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
IR_VERSION = 10  # of these versions
DOMAINS = dict.fromkeys(("LabelEncoder", "TreeEnsemble"), "ai.onnx.ml")
INPUTS = {
    "numeric": TensorProto.DOUBLE,
    "boolean": TensorProto.DOUBLE,  # 1 and 0
    "category": TensorProto.STRING,  # a missing one is empty
    "datetime": TensorProto.INT64,  # microseconds since 1970 in UTC; the smallest is missing
}

Tensor = str  # its name
Constant: TypeAlias = np.ndarray | Sequence[Any] | float


class Graph:
    """Nodes and constants; what is added twice is there once.

    Parameters
    ----------
    schema
        An input is a feature of it under its name, shape (n_rows, 1).
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: dict[str, Any] = {}
        self.outputs: list[Any] = []
        self._known: dict[bytes, Tensor] = {}
        self._names = (name for n in count() if (name := f"_{n}") not in schema.columns)

    def column(self, name: str) -> Tensor:
        """A column of the typed table, shape (n_rows, 1)."""
        column = self.schema.columns[name].type
        if column not in INPUTS:
            raise refusal(f"the column {name!r} of type {column}")
        if column == "category" and "" not in self.schema.source.missing:
            raise refusal(f"the column {name!r}, in which an empty text is a value,")
        self.inputs[name] = helper.make_tensor_value_info(name, INPUTS[column], [None, 1])
        return name

    def add(self, kind: str, *inputs: Tensor | Constant, **attributes: Any) -> Tensor:
        """The result of an operator."""
        names = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        node = helper.make_node(kind, names, ["_"], domain=DOMAINS.get(kind, ""), **attributes)
        key = node.SerializeToString(deterministic=True)
        if key not in self._known:
            self._known[key] = node.output[0] = next(self._names)
            self.nodes.append(node)
        return self._known[key]

    def constant(self, value: Constant) -> Tensor:
        """A constant: doubles, integers or text."""
        tensor = numpy_helper.from_array(np.asarray(value))
        key = tensor.SerializeToString(deterministic=True)
        if key not in self._known:
            self._known[key] = tensor.name = next(self._names)
            self.constants.append(tensor)
        return self._known[key]

    def join(self, parts: Sequence[Tensor]) -> Tensor:
        """Columns next to each other."""
        return parts[0] if len(parts) == 1 else self.add("Concat", *parts, axis=1)

    def take(self, table: np.ndarray, rows: Tensor) -> Tensor:
        """Rows of a constant by their numbers, shape (n_rows, n_columns)."""
        return self.add("Gather", table, self.add("Reshape", rows, [-1]))

    def as_double(self, numbers: Tensor) -> Tensor:
        """The same numbers as doubles."""
        return self.add("Cast", numbers, to=TensorProto.DOUBLE)

    def output(self, name: str, result: Tensor, kind: int = TensorProto.DOUBLE) -> None:
        """Name a result, shape (n_rows,)."""
        if name in self.schema.columns:
            raise refusal(f"a table with a column {name!r}, as a prediction has,")
        self.nodes.append(helper.make_node("Identity", [result], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, kind, [None]))

    def model(self) -> ModelProto:
        """The finished model, checked by ONNX."""
        inputs = [self.inputs[name] for name in self.schema.features if name in self.inputs]
        graph = helper.make_graph(self.nodes, "champion", inputs, self.outputs, self.constants)
        made = helper.make_model(graph, opset_imports=OPSETS, ir_version=IR_VERSION)
        checker.check_model(made)
        return made


def refusal(what: str) -> ProjectError:
    """The error that something has no counterpart in ONNX here."""
    return ProjectError(
        f"{what} cannot be exported to ONNX; nothing is written, and predictions go on with "
        "scikit-learn as before."
    )


def described(step: object) -> str:
    """The type of a step, or a function, for messages: by its full name unless scikit-learn's."""
    named = step if hasattr(step, "__name__") else type(step)
    module, name = getattr(named, "__module__", None) or "", getattr(named, "__name__", named)
    return str(name) if module.startswith("sklearn.") else f"{module}.{name}".lstrip(".")
