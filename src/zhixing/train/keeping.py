"""Fitted learners as bytes and back, without pickle: nothing in a file that was changed by somebody can run.

skops writes the names of types and their plain contents. Only types of this list, those that skops itself knows for
harmless and our own families are made again; any other name in the file is refused.
"""

import inspect
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from zhixing.core import BadData, Spec, Text, Watch
from zhixing.train.learner import Learner
from zhixing.train.trace import TRACE

OURS = ("zhixing.models.", "zhixing.train.")
TRUSTED = frozenset(
    {
        "numpy.dtype",
        "scipy.sparse._csr.csr_matrix",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.gaussian_process.kernels.ConstantKernel",
        "sklearn.gaussian_process.kernels.Product",
        "sklearn.gaussian_process.kernels.RBF",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.model_selection._split.StratifiedKFold",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.tree._tree.Tree",
        "skrub._apply_to_each_col.ApplyToEachCol",
        "skrub._check_input.CheckInputDataFrame",
        "skrub._clean_categories.CleanCategories",
        "skrub._clean_null_strings.CleanNullStrings",
        "skrub._dataframe._common.is_any_date",
        "skrub._dataframe._common.is_categorical",
        "skrub._dataframe._common.is_numeric",
        "skrub._datetime_encoder.DatetimeEncoder",
        "skrub._drop_uninformative.DropUninformative",
        "skrub._duration_to_float.DurationToFloat",
        "skrub._string_encoder.StringEncoder",
        "skrub._table_vectorizer.PassThrough",
        "skrub._table_vectorizer.ShortReprDict",
        "skrub._table_vectorizer.TableVectorizer",
        "skrub._table_vectorizer._created_by_predicate",
        "skrub._to_datetime.ToDatetime",
        "skrub._to_float.ToFloat",
        "skrub._to_str.ToStr",
        "skrub.selectors._base.All",
        "skrub.selectors._base.And",
        "skrub.selectors._base.Cols",
        "skrub.selectors._base.Filter",
        "skrub.selectors._base.Sub",
        "skrub.selectors._selectors._cardinality_below",
    }
)
"""Types whose making and filling runs nothing but their own assignments; a test asks for each of them."""


LEARNER, CARD = "learner.skops", "card.json"
"""Files of a kept run: what was fitted, and what its data set says of itself."""
CANDIDATE = "candidate"
"""Under which a card names the call that was chosen and fitted, as a spec prints."""


def keep(watch: Watch, learner: Learner, card: Mapping[str, Any]) -> None:
    """Keeps both with the result of the trial, and of a network the trace of its training."""
    watch.file(LEARNER, as_bytes(learner))
    if trace := getattr(learner.estimator, "trace", None):
        watch.file(TRACE, trace.as_bytes())
    watch.file(CARD, json.dumps(card, ensure_ascii=False).encode())


def settled(trial: Spec) -> dict[str, Any]:
    """Every setting of a trial, those that it leaves out at their defaults."""
    parameters = inspect.signature(trial.function).parameters.values()
    return {**{each.name: each.default for each in parameters if each.default is not each.empty}, **trial.settings}


def as_bytes(learner: Learner) -> bytes:
    """The learner as a file's content."""
    import skops.io

    content: bytes = skops.io.dumps(
        {**vars(learner), "classes": list(learner.classes)}, compression=zipfile.ZIP_DEFLATED, compresslevel=1
    )
    return content


def from_bytes(content: bytes) -> Learner:
    """The learner in a file's content; raises BadData where it is none, or names a type that is not trusted."""
    import skops.io

    try:
        strange = [name for name in skops.io.get_untrusted_types(data=content) if not _is_trusted(name)]
        if not strange:
            found: dict[str, Any] = skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))
            known = found.pop("known")
            return Learner(
                **{**found, "classes": tuple(found["classes"])}, known=None if known is None else np.asarray(known)
            )
    except Exception:  # skops and what it makes meet broken bytes with errors of many kinds
        raise BadData(
            Text(
                "the fitted model is damaged or of another version; train it again",
                "保存的模型已损坏，或来自其他版本；请重新训练",
            )
        ) from None
    raise BadData(
        Text(
            en=f"the fitted model names {strange[0]}, which no model of ours holds; it is not loaded",
            zh=f"保存的模型中出现 {strange[0]}，不属于我们的任何模型；拒绝加载",
        )
    )


def _is_trusted(name: str) -> bool:
    return name in TRUSTED or name.startswith(OURS)
