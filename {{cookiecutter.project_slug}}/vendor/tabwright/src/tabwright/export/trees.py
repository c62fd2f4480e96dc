"""Forests and boosted trees in ONNX."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from onnx import TensorProto, numpy_helper

from .graph import Graph, Tensor, refusal

AVERAGE, SUM = 0, 1  # aggregate_function of a TreeEnsemble
AT_MOST = 0  # mode of a node: the left child is for cells of at most its split
# What scikit-learn calls the columns of a tree, from `feature` to `missing_left`.
FOREST = ("feature", "threshold", "children_left", "children_right", "missing_go_to_left")
BOOSTING = ("feature_idx", "num_threshold", "left", "right", "missing_go_to_left")


class Tree(NamedTuple):
    """The nodes of a tree as arrays, the root first; `target` is the column of its values in the result."""

    leaf: np.ndarray
    value: np.ndarray
    target: int
    feature: np.ndarray
    split: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray


def forest(g: Graph, model: Any, parts: list[Tensor]) -> Tensor:
    """The mean of the trees of a forest: probabilities or values."""
    # Its trees compare cells in single precision with splits in double precision.
    x = g.as_double(g.add("Cast", g.join(parts), to=TensorProto.FLOAT))
    columns = model.estimators_[0].tree_.value.shape[2]
    means = []
    for column in range(columns == 2, columns):  # of two classes the second
        trees = []
        for one in (each.tree_ for each in model.estimators_):
            nodes = [getattr(one, name) for name in FOREST]
            trees.append(Tree(one.children_left < 0, one.value[:, 0, column], 0, *nodes))
        means.append(_ensemble(g, x, trees, 1, AVERAGE))
    return both_classes(g, means[0]) if columns == 2 else g.join(means)


def boosting(g: Graph, model: Any, parts: list[Tensor]) -> Tensor:
    """The sum of boosted trees, shape (n_rows, 1), or (n_rows, n_classes) of several classes."""
    trees = []
    for group in model._predictors:
        for number, one in enumerate(each.nodes for each in group):
            if one["is_categorical"].any():
                raise refusal("boosting with categorical_features")
            nodes = [one[name] for name in BOOSTING]
            trees.append(Tree(one["is_leaf"].astype(bool), one["value"], number, *nodes))
    baseline = np.reshape(model._baseline_prediction, (1, -1))
    return g.add("Add", _ensemble(g, g.join(parts), trees, baseline.size, SUM), baseline)


def both_classes(g: Graph, positive: Tensor) -> Tensor:
    """Probabilities of two classes from that of the second."""
    return g.join([g.add("Sub", 1.0, positive), positive])


def _ensemble(g: Graph, x: Tensor, trees: Sequence[Tree], targets: int, how: int) -> Tensor:
    """A TreeEnsemble: the values of the leaves a row falls into, added up or averaged."""
    columns: dict[str, list[np.ndarray]] = {}
    inner = leaves = 0
    roots = []
    for tree in map(_with_split, trees):
        leaf, split = tree.leaf, ~tree.leaf
        place = np.where(leaf, leaves + leaf.cumsum() - 1, inner + split.cumsum() - 1)
        left, right = tree.left[split].astype(int), tree.right[split].astype(int)
        for name, values in {
            "nodes_featureids": tree.feature[split],
            "nodes_splits": tree.split[split],
            "nodes_truenodeids": place[left],
            "nodes_trueleafs": leaf[left],
            "nodes_falsenodeids": place[right],
            "nodes_falseleafs": leaf[right],
            "nodes_missing_value_tracks_true": tree.missing_left[split],
            "leaf_targetids": np.full(leaf.sum(), tree.target),
            "leaf_weights": tree.value[leaf],
        }.items():
            columns.setdefault(name, []).append(values)
        roots.append(inner)
        inner, leaves = inner + int(split.sum()), leaves + int(leaf.sum())
    joined = {name: np.concatenate(each) for name, each in columns.items()}
    doubles = {name: joined.pop(name).astype(float) for name in ("nodes_splits", "leaf_weights")}
    return g.add(
        "TreeEnsemble",
        x,
        n_targets=targets,
        aggregate_function=how,
        tree_roots=roots,
        nodes_modes=numpy_helper.from_array(np.full(inner, AT_MOST, np.uint8)),
        **{name: numpy_helper.from_array(values) for name, values in doubles.items()},
        **{name: values.astype(int).tolist() for name, values in joined.items()},
    )


def _with_split(tree: Tree) -> Tree:
    """A tree that is one leaf as a split with that leaf on both sides, which ONNX wants."""
    if not tree.leaf[0]:
        return tree
    leaf, twice = np.array([False, True]), np.zeros(2)
    columns = (twice, twice, twice + 1, twice + 1, twice)
    return Tree(leaf, tree.value[[0, 0]], tree.target, *columns)
