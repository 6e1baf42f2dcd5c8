"""Tables with columns of text: what is read out of the text, beside the other columns as `Preparation` gives them."""

from typing import TYPE_CHECKING

import numpy as np

from zhixing.models.preparation import Preparation

if TYPE_CHECKING:
    import pandas


class Others:
    """The columns that hold no text, as numbers; none where all columns are text."""

    def __init__(self, text: tuple[str, ...]):
        self.text = list(text)
        self.preparation: Preparation | None = None

    def fit(self, features: "pandas.DataFrame") -> "Others":
        """Learns from training rows."""
        rest = features.drop(columns=self.text)
        self.preparation = Preparation().fit(rest) if rest.shape[1] else None
        return self

    def transform(self, features: "pandas.DataFrame") -> np.ndarray:
        """Rows (n, numbers), float64."""
        if self.preparation is None:
            return np.zeros((len(features), 0))
        return self.preparation.transform(features.drop(columns=self.text))


def joined(features: "pandas.DataFrame", text: list[str]) -> list[str]:
    """The text of each row, several columns one below the other; gaps are empty."""
    columns = [features[name].fillna("").astype(str) for name in text]
    return ["\n".join(parts) for parts in zip(*columns, strict=True)]
