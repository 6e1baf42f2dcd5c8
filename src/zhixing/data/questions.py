"""A table as a yes-or-no question: is this row of the rarest class?"""

import numpy as np

from zhixing.data.dataset import Dataset, Part
from zhixing.data.tables import table


def rare(*, name: str) -> Dataset:
    """The table of this name with target 1 for rows of its rarest class and 0 for all others; see `table`."""
    whole = table(name)
    rarest = int(np.bincount(whole.train.targets).argmin())

    def asked(part: Part) -> Part:
        return Part(part.inputs, (part.targets == rarest).astype(np.int64))

    return Dataset(
        train=asked(whole.train),
        validation=asked(whole.validation),
        test=asked(whole.test),
        classes=("other", whole.classes[rarest]),
        columns=whole.columns,
    )
