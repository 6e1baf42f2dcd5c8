"""Fitted models as ONNX graphs: prepared numbers (n, columns) in, probabilities (n, classes) or amounts (n, 1) out."""

import warnings
from typing import Any

import numpy as np

from zhixing.train.learner import Learner

OPSET = 18
TREES_OPSET = 3
IR = 9


def network_graph(learner: Learner, inputs: np.ndarray) -> Any:
    """The graph of a network that torch traces, with the softmax or the amounts' units behind it."""
    import torch

    network = _answering(learner).eval()
    example = torch.tensor(inputs[:2], dtype=torch.float32)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter about its own parts
        program = torch.onnx.export(
            network, (example,), input_names=["numbers"], output_names=["answers"], dynamo=True, verbose=False,
            dynamic_shapes=({0: torch.export.Dim("rows")},), opset_version=OPSET,
        )  # fmt: skip
    return program.model_proto if program else None


def _answering(learner: Learner) -> Any:
    import torch
    from torch import Tensor, nn

    class Answering(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = learner.estimator.network
            known = np.arange(0) if learner.known is None else learner.known
            places = torch.eye(len(learner.classes))[torch.tensor(known)]
            self.places = nn.Buffer(places)  # a column for each class, those never met included

        def forward(self, numbers: Tensor) -> Tensor:
            found: Tensor = self.network(numbers)
            if learner.known is not None:
                found = found.softmax(dim=-1) @ self.places
            if found.ndim == 3:  # members of an ensemble
                found = found.mean(dim=1)
            return found if learner.known is not None else learner.centre + learner.scale * found

    return Answering()


def sklearn_graph(learner: Learner, inputs: np.ndarray) -> Any:
    """The graph that skl2onnx makes, its last output the only one, in the amounts' units."""
    from skl2onnx import to_onnx

    estimator = _inner(learner.estimator)
    options = {id(estimator): {"zipmap": False}} if learner.classes else None
    sets = {"": OPSET, "ai.onnx.ml": TREES_OPSET}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks scikit-learn for attributes that will be gone one day
        graph = to_onnx(estimator, inputs[:1].astype(np.float32), options=options, target_opset=sets)
    del graph.graph.output[:-1]
    return _in_units(graph, learner)


def forest_graph(learner: Learner, inputs: np.ndarray) -> Any:
    """The graph of a tree, a forest or boosted trees, with thresholds in double precision as they were learned."""
    from onnx import TensorProto, helper

    trees, estimator = _Trees(), _inner(learner.estimator)
    outputs = len(learner.known) if learner.known is not None else 1
    boosted = hasattr(estimator, "_predictors")
    if boosted:
        scores = estimator._baseline_prediction.shape[1]
        for stage in estimator._predictors:
            for target, predictor in enumerate(stage):
                trees.add_boosted(predictor.nodes, target)
        base = [float(value) for value in estimator._baseline_prediction[0]]
    else:
        scores, several = outputs, getattr(estimator, "estimators_", [estimator])
        for tree in several:
            trees.add(tree.tree_, share=1 / len(several), shares=learner.known is not None)
        base = [0.0] * scores
    nodes = [] if boosted else [helper.make_node("Cast", ["numbers"], ["single"], to=TensorProto.FLOAT)]
    nodes += [] if boosted else [helper.make_node("Cast", ["single"], ["compared"], to=TensorProto.DOUBLE)]
    nodes.append(trees.node("numbers" if boosted else "compared", "scores", scores, base))
    last = "scores"
    if boosted and learner.known is not None:
        nodes += _sigmoid() if scores == 1 else [helper.make_node("Softmax", ["scores"], ["shares"], axis=1)]
        last = "shares"
    numbers = helper.make_tensor_value_info("numbers", TensorProto.DOUBLE, ["rows", inputs.shape[1]])
    answers = helper.make_tensor_value_info(last, TensorProto.FLOAT, ["rows", outputs])
    graph = helper.make_graph(nodes, "trees", [numbers], [answers])
    sets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", TREES_OPSET)]
    return _in_units(helper.make_model(graph, opset_imports=sets, ir_version=IR), learner)


def _sigmoid() -> list[Any]:
    from onnx import helper

    return [
        helper.make_node("Constant", [], ["one"], value_floats=[1.0]),
        helper.make_node("Sigmoid", ["scores"], ["second"]),
        helper.make_node("Sub", ["one", "second"], ["first"]),
        helper.make_node("Concat", ["first", "second"], ["shares"], axis=1),
    ]


class _Trees:
    """Trees node by node, as the operator TreeEnsembleRegressor takes them."""

    def __init__(self) -> None:
        self.count = 0
        self.nodes: dict[str, list[Any]] = {
            name: []
            for name in (
                "treeids",
                "nodeids",
                "featureids",
                "modes",
                "truenodeids",
                "falsenodeids",
                "missing_value_tracks_true",
            )
        }
        self.values: list[float] = []
        self.leaves: dict[str, list[int]] = {"treeids": [], "nodeids": [], "ids": []}
        self.weights: list[float] = []

    def add(self, tree: Any, *, share: float, shares: bool) -> None:
        """A tree of scikit-learn, whose leaves hold the shares of the classes, or an amount."""
        for node in range(tree.node_count):
            is_leaf = tree.children_left[node] < 0
            branch = (int(tree.children_left[node]), int(tree.children_right[node]))
            self._add(node, is_leaf, int(tree.feature[node]), float(tree.threshold[node]), branch, True)
            if is_leaf:
                held = tree.value[node][0]
                self._weigh(node, share * (held / held.sum() if shares else held))
        self.count += 1

    def add_boosted(self, nodes: np.ndarray, target: int) -> None:
        """A tree of histogram boosting, which adds to one score."""
        for place, node in enumerate(nodes):
            branch, is_leaf = (int(node["left"]), int(node["right"])), bool(node["is_leaf"])
            missing = bool(node["missing_go_to_left"])
            self._add(place, is_leaf, int(node["feature_idx"]), float(node["num_threshold"]), branch, missing)
            if is_leaf:
                self._weigh(place, np.array([node["value"]]), first=target)
        self.count += 1

    def _add(
        self, node: int, is_leaf: bool, feature: int, value: float, branch: tuple[int, int], missing: bool
    ) -> None:
        told = (self.count, node, 0 if is_leaf else feature, "LEAF" if is_leaf else "BRANCH_LEQ")
        ways = (0, 0) if is_leaf else branch
        for name, item in zip(self.nodes, (*told, *ways, int(missing)), strict=True):
            self.nodes[name].append(item)
        self.values.append(0.0 if is_leaf else value)

    def _weigh(self, node: int, weights: np.ndarray, first: int = 0) -> None:
        for target, weight in enumerate(weights, start=first):
            self.leaves["treeids"].append(self.count)
            self.leaves["nodeids"].append(node)
            self.leaves["ids"].append(target)
            self.weights.append(float(weight))

    def node(self, given: str, made: str, targets: int, base: list[float]) -> Any:
        """The operator."""
        from onnx import TensorProto, helper

        def doubles(name: str, values: list[float]) -> Any:
            return helper.make_tensor(name, TensorProto.DOUBLE, [len(values)], values)

        held: dict[str, Any] = {f"nodes_{name}": values for name, values in self.nodes.items()}
        held |= {f"target_{name}": values for name, values in self.leaves.items()}
        return helper.make_node(
            "TreeEnsembleRegressor", [given], [made], domain="ai.onnx.ml", n_targets=targets, **held,
            nodes_values_as_tensor=doubles("nodes_values", self.values),
            target_weights_as_tensor=doubles("target_weights", self.weights),
            base_values_as_tensor=doubles("base_values", base),
        )  # fmt: skip


def _inner(estimator: Any) -> Any:
    """scikit-learn's own estimator inside of ours."""
    for name in ("estimator", "_fitted"):
        estimator = (
            getattr(estimator, name, estimator) if type(estimator).__module__.startswith("zhixing.") else estimator
        )
    return estimator


def _in_units(graph: Any, learner: Learner) -> Any:
    """The graph with amounts in their own units, or with a column for each class, those never met included."""
    from onnx import TensorProto, helper

    last = graph.graph.output[0]
    number = last.type.tensor_type.elem_type
    if learner.known is None:
        constants = {"scale": ([1], [learner.scale]), "centre": ([1], [learner.centre])}
        nodes = [
            helper.make_node("Mul", [last.name, "scale"], ["scaled"]),
            helper.make_node("Add", ["scaled", "centre"], ["answers"]),
        ]
        width = 1
    else:
        places = np.eye(len(learner.classes))[learner.known]
        constants = {"places": (list(places.shape), places.ravel().tolist())}
        nodes = [helper.make_node("MatMul", [last.name, "places"], ["answers"])]
        width = len(learner.classes)
    graph.graph.node.extend(nodes)
    graph.graph.initializer.extend(
        helper.make_tensor(name, number, shape, values) for name, (shape, values) in constants.items()
    )
    del graph.graph.output[:]
    graph.graph.output.append(helper.make_tensor_value_info("answers", number or TensorProto.FLOAT, ["rows", width]))
    return graph
