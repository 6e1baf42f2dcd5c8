"""A run taken elsewhere: ONNX for any program that runs such graphs, safetensors for the weights of a network.

An exported graph begins at the prepared numbers, whose names it carries: what turns a table into them stays with the run.
It is compared with the run before it is handed out.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zhixing import data
from zhixing.comparison.graphs import forest_graph, network_graph, sklearn_graph
from zhixing.comparison.runs import Run
from zhixing.core import BadSetting, MissingPackage, Text, UnknownName, ZhixingError
from zhixing.core.files import write_whole

CLOSE = 1e-4
"""The largest difference from the run's own answers that an export may have, in probability or in the amounts' deviation."""
FORMS = ("onnx", "safetensors")


@dataclass(frozen=True)
class Exported:
    """A file that was written, and how far its answers are from those of the run."""

    path: Path
    difference: float
    """The largest, in probability or in standard deviations of the amounts; 0 for weights, which are the same."""
    rows: int
    """How many rows were compared."""


def export(run: Run, to: str, out: str | Path) -> Exported:
    """Writes the run as `to`, "onnx" or "safetensors", to a new file.

    Raises UnknownName for another form, BadSetting for a file that is there, for a model that has no such form and where
    the export differs from the run, MissingPackage without the extra `export`.
    """
    if to not in FORMS:
        raise UnknownName(Text("form", "格式"), to, FORMS)
    place = Path(out).expanduser()
    if place.exists():
        raise BadSetting(Text(f"{place} is there already; name another file", f"{place} 已经存在；请换一个文件名"))
    return _safetensors(run, place) if to == "safetensors" else _onnx(run, place)


def _safetensors(run: Run, place: Path) -> Exported:
    state = getattr(run.learner.estimator, "network", None)
    if state is None:
        raise BadSetting(
            Text(
                en=f"safetensors holds the weights of a network, and this run is of the family {run.result.arm}; --to onnx",
                zh=f"safetensors 保存的是神经网络的权重，而这次运行属于 {run.result.arm}；请用 --to onnx",
            )
        )
    from safetensors.torch import save

    about = {"model": repr(run.learner.estimator.sized), "classes": _listed(run.classes)}
    tensors = {name: tensor.contiguous() for name, tensor in state.state_dict().items()}
    write_whole(place, save(tensors, metadata=about))
    return Exported(place, 0.0, 0)


def _onnx(run: Run, place: Path) -> Exported:
    try:
        import onnx
        import onnxruntime
    except ImportError:
        raise MissingPackage(
            Text(
                "an export to ONNX takes packages more: pip install 'zhixing[export]'",
                "导出为 ONNX 还需要其他包：pip install 'zhixing[export]'",
            )
        ) from None
    inputs = _prepared(run)
    graph = _graph_of(run)(run.learner, inputs)
    about = {"run": run.result.digest, "classes": _listed(run.classes)}
    if names := getattr(run.learner.preparation, "names", None):
        about["numbers"] = _listed(names)
    onnx.helper.set_model_props(graph, about)
    content = graph.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    kind = np.float32 if session.get_inputs()[0].type == "tensor(float)" else np.float64
    found = session.run(None, {session.get_inputs()[0].name: inputs.astype(kind)})[0]
    difference = float(np.abs(found - run.learner.from_numbers(inputs).reshape(found.shape)).max() / run.learner.scale)
    if not difference <= CLOSE:
        raise BadSetting(
            Text(
                en=f"the graph differs from the run by {difference:.2g}, more than {CLOSE:g}; it is not written",
                zh=f"导出的计算图与运行的结果相差 {difference:.2g}，超过 {CLOSE:g}；没有写出",
            )
        )
    write_whole(place, content)
    return Exported(place, difference, len(inputs))


def _graph_of(run: Run) -> Callable[[Any, np.ndarray], Any]:
    if run.card["kind"] in ("table", "pictures", "sounds", "texts") and hasattr(run.learner.estimator, "network"):
        return network_graph
    if run.result.arm in ("tree", "forest", "boosting"):
        return forest_graph
    if run.result.arm in ("linear", "bayes", "neighbours", "vectors"):
        return sklearn_graph
    raise BadSetting(
        Text(
            en=f"the family {run.result.arm} has no ONNX form here; trees, forests, linear models, neighbours, support "
            "vectors and networks have one",
            zh=f"{run.result.arm} 这一类在此没有 ONNX 形式；树、森林、线性模型、近邻、支持向量机和神经网络有",
        )
    )


def _prepared(run: Run) -> np.ndarray:
    """Rows to compare on: those that judged the run where its data are still there, else numbers of the same size."""
    try:
        own: data.Own = run.trial.settings["data"].build()
        rows = np.arange(min(len(own), 1000))
        return np.asarray(run.learner.preparation.transform(own.take(rows)))
    except ZhixingError:
        return np.random.default_rng(0).normal(size=(200, len(run.learner.preparation.names)))


def _listed(names: Sequence[str]) -> str:
    return json.dumps(list(names), ensure_ascii=False)
