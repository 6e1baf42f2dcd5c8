"""A fitted run of the store: found by its name, and used on data that it has not seen."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing import data, models
from zhixing.comparison.costs import Decision
from zhixing.core import BadData, BadSetting, Spec, Text, parsed
from zhixing.core.store import Result, RunStore
from zhixing.study.compare import named
from zhixing.train.keeping import CARD, LEARNER

if TYPE_CHECKING:
    import pandas

    from zhixing.train.learner import Learner


@dataclass(frozen=True)
class Run:
    """What `zhixing train` fitted, and all that prediction needs; nothing is read from the data that it learned from."""

    result: Result
    folder: Path

    @property
    def name(self) -> str:
        """By which every command knows it."""
        return self.result.digest[:10]

    @cached_property
    def card(self) -> Mapping[str, Any]:
        """What the training data said of themselves; raises BadData where it is damaged."""
        try:
            card: dict[str, Any] = json.loads((self.folder / CARD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise _damaged(self.folder) from None
        return card

    @cached_property
    def learner(self) -> "Learner":
        """The fitted preparation and model; raises BadData where they are damaged or were changed."""
        from zhixing.train.keeping import from_bytes

        try:
            content = (self.folder / LEARNER).read_bytes()
        except OSError:
            raise _damaged(self.folder) from None
        return from_bytes(content)

    @cached_property
    def trial(self) -> Spec:
        """The call that was performed: `train.tuned` with its data, candidates and measures."""
        trial: Spec = parsed(self.result.call).settings["trial"]
        return trial

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; empty where the run foretells amounts."""
        return self.learner.classes

    def array(self, name: str) -> np.ndarray:
        """An array that its trial kept, such as the rows that "judged" it; raises BadData where it is missing or damaged."""
        import safetensors

        try:
            with safetensors.safe_open(self.folder / "arrays.safetensors", framework="np") as file:
                found: np.ndarray = file.get_tensor(name)
        except (OSError, ValueError, safetensors.SafetensorError):
            raise BadData(Text("the run is damaged; train it again", "该运行已损坏；请重新训练")) from None
        return found

    def answers(self, path: str | Path) -> Iterator[np.ndarray]:
        """Probabilities (n, classes) or amounts (n,) for what is at the path, block after block."""
        for features in data.later(self.card, str(path)):
            yield self.answers_to(features)

    def answers_to(self, features: Any) -> np.ndarray:
        """The same of features that were read: of a reduction the rows in its fewest dimensions (n, dimensions)."""
        estimator, preparation = self.learner.estimator, self.learner.preparation
        if isinstance(estimator, models.Reduction):
            return estimator.codes(preparation.transform(features), estimator.sizes[0])
        return self.learner.answers(features)

    def predict(self, columns: "Mapping[str, Any] | pandas.DataFrame") -> "pandas.DataFrame":
        """The predictions for rows that are given as columns by name, one row each.

        Raises BadData for a column that is missing.
        """
        values = {str(name): list(values) for name, values in columns.items()}
        return self.told(self.answers_to(data.later_values(self.card, values)))

    def told(self, answers: np.ndarray, decided: Decision | None = None) -> "pandas.DataFrame":
        """Answers as a table: `prediction`, and for classes the probability of each.

        Of several labels at once those of probability 0.5 or more are the prediction, semicolons between them; of a
        sentence its tags, blanks between them; of a reduction there are `axis 1`, `axis 2`. Two classes may be `decided`
        by their costs.
        """
        import pandas

        if self.card.get("task") == "reduction":
            return pandas.DataFrame({f"axis {place + 1}": axis for place, axis in enumerate(answers.T)})
        if not self.classes:
            return pandas.DataFrame({"prediction": answers})
        if answers.dtype == object:
            return pandas.DataFrame({"prediction": [" ".join(self.classes[tag] for tag in tags) for tags in answers]})
        shares = {f"probability of {name}": answers[:, place] for place, name in enumerate(self.classes)}
        if self.card["kind"] == "labels":
            sets = (";".join(np.array(self.classes, dtype=object)[row]) for row in answers >= 0.5)
            return pandas.DataFrame({"prediction": list(sets), **shares})
        taken = answers.argmax(axis=1) if decided is None else decided.taken(answers)
        names = np.array(self.classes, dtype=object)[taken]
        return pandas.DataFrame({"prediction": names, **shares})


def find(name: str, store: RunStore | None = None) -> Run:
    """The fitted run of this name: the beginning of its digest, or the newest of FILE/FAMILY, such as penguins/linear.

    Raises BadSetting where there is none, or where the run kept no model.
    """
    store = store or RunStore()
    store.refresh()
    kept = {row["digest"] for row in store.listed() if (store.folder(row["digest"]) / LEARNER).exists()}
    learned = [row for row in store.listed() if row["digest"] in kept and name in _names(row)]  # the newest first
    result = store.result(learned[0]["digest"]) if learned else named(store, name)[0]
    if result is None or result.digest not in kept:
        raise BadSetting(
            Text(
                en=f"the run {name} measured something and kept no model; `zhixing train MODEL --data FILE` makes one that does",
                zh=f"运行 {name} 只做了测量，没有保存模型；可用 `zhixing train 模型 --data 文件` 训练一个",
            )
        )
    return Run(result, store.folder(result.digest))


def _names(row: Mapping[str, Any]) -> tuple[str, str]:
    """What a run is called besides its digest: by its study, and by its file alone."""
    study, arm = row["study"], row["arm"]
    return f"{study}/{arm}", f"{study.split('.')[1] if study.startswith('own.') else study}/{arm}"


def _damaged(folder: Path) -> BadData:
    return BadData(Text(f"the run in {folder} is damaged; train it again", f"{folder} 中的运行已损坏；请重新训练"))
