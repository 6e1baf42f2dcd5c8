"""Ratings of the user's own as a data set: who rated what, how high, and when."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.core import BadData, Text
from zhixing.data.own import divide
from zhixing.data.own.cells import Form
from zhixing.data.own.files import checked_path, read_table
from zhixing.data.own.rating_columns import RatingColumns, rating_columns

if TYPE_CHECKING:
    import pandas

FEWEST = 20
"""Ratings below which nothing is learned."""


@dataclass(frozen=True, eq=False)
class OwnRatings:
    """Ratings of items by users, one each at most; `targets` (n,) are float64 in the table's own units."""

    features: "pandas.DataFrame"
    """(n, 2): the columns of users and of items, in this order."""
    targets: np.ndarray
    times: np.ndarray | None
    """(n,) float64, later is larger; None where rows are divided at random."""
    fingerprint: str
    """64 hexadecimal digits over the file as it was read."""
    found: RatingColumns
    forms: Mapping[str, Form]
    """How the cells of users, items and ratings were read."""
    notes: tuple[Text, ...]
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def told(self) -> Text:
        """What is there, in one line."""
        users, items = (self.features.iloc[:, place].nunique() for place in (0, 1))
        return Text(
            "{n:,} ratings from {low:g} to {high:g}, of {items:,} items ({item}) by {users:,} users ({user}): "
            "{share:.2g} % of all pairs",
            "{n:,} 条评分，从 {low:g} 到 {high:g}；{users:,} 个用户（{user}），{items:,} 个物品（{item}），"
            "占全部组合的 {share:.2g}%",
        ).format(
            n=len(self), low=self.targets.min(), high=self.targets.max(), users=users, items=items,
            user=self.found.user, item=self.found.item, share=100 * len(self) / users / items,
        )  # fmt: skip

    @property
    def card(self) -> dict[str, Any]:
        """What must be known to read further pairs for what learned from these ratings; plain values."""
        forms = {name: [form.kind, form.mark, list(form.values)] for name, form in self.forms.items()}
        target = {self.found.target: forms.pop(self.found.target)}
        return {"kind": "ratings", "columns": forms, "target": target, "classes": []}

    def take(self, rows: np.ndarray) -> "pandas.DataFrame":
        """Users and items of these rows."""
        return self.features.iloc[rows]

    def split(self, rows: np.ndarray, share: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers cut in two, the second with about `share` of them: at random, or with times each user's latest.

        How many of a user's latest ratings go there is drawn (binomial), so that divisions differ; the earliest never
        does. A single moment for everybody would leave mostly users without a past where, as in MovieLens, each comes
        once and rates all that she knows.
        """
        if self.times is None:
            return divide.at_random(rows, share, generator)
        users = np.unique(self.features.iloc[rows, 0].to_numpy().astype(str), return_inverse=True)[1]
        counts = np.bincount(users)
        late = np.minimum(generator.binomial(counts, share), counts - 1)
        order = np.lexsort([self.times[rows], users])
        still_to_come = np.empty(len(rows), dtype=np.int64)
        still_to_come[order] = np.cumsum(counts)[users[order]] - np.arange(len(rows))
        chosen = still_to_come <= late[users]
        return rows[~chosen], rows[chosen]


def own_ratings(
    *,
    path: str,
    user: str | None = None,
    item: str | None = None,
    target: str | None = None,
    time: str | None = None,
) -> OwnRatings:
    """The ratings in a table file; columns are found by their names and what is in them where they are not given.

    Rows without user, item or rating are left out; of several ratings of one item by one user the last is kept. With
    `time` a split is one of each user's past and future; a column of times that was only found tells which is the last.

    Raises BadData as `read_table` and `rating_columns` do, and for ratings from which nothing can be learned.
    """
    place = checked_path(path)
    stamp = place.stat()
    return _read(str(place), user, item, target, time, (stamp.st_mtime_ns, stamp.st_size))


@lru_cache(maxsize=2)
def _read(
    path: str, user: str | None, item: str | None, target: str | None, time: str | None, stamp: tuple[int, int]
) -> OwnRatings:
    """As `own_ratings`; `stamp` changes with the file, so that another file is read anew."""
    read = read_table(path)
    found = rating_columns(read.frame, {"user": user, "item": item, "target": target, "time": time})
    _check_numbers(read.frame[found.target])
    whole = read.frame.dropna(subset=[found.user, found.item, found.target])
    if time is not None:
        whole = whole.dropna(subset=[time])
    notes = [*read.notes, _told(found)]
    if lost := len(read.frame) - len(whole):
        notes.append(
            Text(
                en=f"{lost:,} rows without a user, an item, a rating or a time are left out",
                zh=f"{lost:,} 行缺少用户、物品、评分或时间，已略去",
            )
        )
    times = None if found.time is None else _seconds(whole[found.time], needed=time is not None)
    if times is not None:
        order = np.argsort(times, kind="stable")
        whole, times = whole.iloc[order], times[order]
    last = ~whole.duplicated([found.user, found.item], keep="last").to_numpy()
    if again := int((~last).sum()):
        notes.append(
            Text(
                en=f"{again:,} ratings were given again later by the same user; the last one counts",
                zh=f"{again:,} 条评分后来被同一用户改过；以最后一次为准",
            )
        )
    kept = whole[last]
    _check(kept, found)
    with Path(path).open("rb") as file:
        fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    return OwnRatings(
        features=kept[[found.user, found.item]].reset_index(drop=True),
        targets=kept[found.target].to_numpy(dtype=np.float64),
        times=times[last] if times is not None and time is not None else None,
        fingerprint=fingerprint,
        found=found,
        forms={name: read.forms[name] for name in (found.user, found.item, found.target)},
        notes=tuple(notes),
    )


def _told(found: RatingColumns) -> Text:
    when = Text(f", times in {found.time!r}", f"，时间在 {found.time!r} 列") if found.time else Text("", "")
    return Text(
        en=f"users are in {found.user!r}, items in {found.item!r}, ratings in {found.target!r}{when.en}",
        zh=f"用户在 {found.user!r} 列，物品在 {found.item!r} 列，评分在 {found.target!r} 列{when.zh}",
    )


def _check_numbers(ratings: "pandas.Series") -> None:
    import pandas

    if not pandas.api.types.is_numeric_dtype(ratings) or pandas.api.types.is_bool_dtype(ratings):
        first = next(iter(ratings.dropna()), "")
        raise BadData(
            Text(
                en=f"the ratings in {ratings.name!r} are no numbers but such as {str(first)[:30]!r}; write them as numbers",
                zh=f"{ratings.name!r} 列的评分不是数字，例如 {str(first)[:30]!r}；请用数字表示",
            )
        )


def _seconds(times: "pandas.Series", *, needed: bool) -> np.ndarray | None:
    """Moments as numbers; None where they are no moments and nobody asked for them."""
    import pandas

    if pandas.api.types.is_datetime64_any_dtype(times):
        return times.to_numpy().astype("datetime64[us]").astype(np.int64) / 1e6
    if pandas.api.types.is_numeric_dtype(times):
        return times.to_numpy(dtype=np.float64)
    if not needed:
        return None
    raise BadData(
        Text(
            en=f"the column {times.name!r} holds words as {str(times.iloc[0])[:30]!r}; a time is a date such as 2024-02-01 or a "
            "number of seconds",
            zh=f"{times.name!r} 列是 {str(times.iloc[0])[:30]!r} 之类的文字；时间应为 2024-02-01 这样的日期，或以秒计的数",
        )
    )


def _check(kept: "pandas.DataFrame", found: RatingColumns) -> None:
    """Raises BadData for ratings of one user or item, without a return, too few, or all alike."""
    roles = {found.user: Text("user", "用户"), found.item: Text("item", "物品")}
    different = {column: kept[column].nunique() for column in roles}
    for column, kind in roles.items():
        if different[column] == 1:
            raise BadData(
                Text(
                    "all {n:,} ratings are of one {kind} ({name}); a recommendation compares at least two",
                    "全部 {n:,} 条评分都属于同一个{kind}（{name}）；推荐至少需要两个",
                ).format(n=len(kept), kind=kind, name=str(kept[column].iloc[0])[:30])
            )
    for column, kind in roles.items():
        if different[column] == len(kept):
            raise BadData(
                Text(
                    "no {kind} in {column!r} comes twice, so that nothing is known of any; is it the number of a row? "
                    "name the right column",
                    "{column!r} 列中没有重复出现的{kind}，对每一个都一无所知；它是不是行号？请指明正确的列",
                ).format(kind=kind, column=column)
            )
    if len(kept) < FEWEST:
        raise BadData(
            Text(
                en=f"{len(kept)} ratings are too few to learn from; at least {FEWEST} are needed",
                zh=f"只有 {len(kept)} 条评分，不足以学习；至少需要 {FEWEST} 条",
            )
        )
    if kept[found.target].nunique() == 1:
        raise BadData(
            Text(
                en=f"every rating in {found.target!r} is {kept[found.target].iloc[0]:g}; there is nothing to tell apart",
                zh=f"{found.target!r} 列的评分全是 {kept[found.target].iloc[0]:g}；没有可以区分的内容",
            )
        )
