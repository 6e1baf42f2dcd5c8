"""Which columns of a table hold users, items, ratings and times: by their names, else by what is in them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zhixing.core import BadData, BadSetting, Text
from zhixing.data.own.columns import no_column
from zhixing.data.own.loose import listed

if TYPE_CHECKING:
    import pandas

CALLED = {
    "user": "user|uid|member|customer|reviewer|reader|viewer|listener|buyer|用户|会员|顾客|客户|读者|买家",
    "item": "item|iid|movie|film|product|article|book|isbn|asin|song|track|joke|game|restaurant|business|"
    "title|物品|商品|产品|电影|影片|片名|图书|书籍|书名|歌曲|歌名|音乐|餐厅|店铺",
    "target": "rating|ratings|stars|star|score|grade|评分|打分|星级|分数|得分",
    "time": "time|timestamp|date|datetime|moment|unixtime|ratedat|reviewtime|时间|时间戳|日期|评分时间|评价时间|打分时间",
}
"""Names of columns, in small letters without blanks and marks; users' and items' may end with id, name, no or 编号."""
_NAMED = "(?:id|ids|no|nr|key|name|编号|号|名|名称)?"
WORDS = {
    "user": Text("users", "用户"),
    "item": Text("items", "物品"),
    "target": Text("ratings", "评分"),
    "time": Text("times", "时间"),
}
MOST_STEPS = 200
"""Different values of a column of ratings without a name that says so, at most."""


@dataclass(frozen=True)
class RatingColumns:
    """The column of each role; no `time` where none was found."""

    user: str
    item: str
    target: str
    time: str | None


def looks_like_ratings(names: Sequence[str]) -> bool:
    """Whether one column each is called as users, items and ratings are."""
    found = _by_name(names)
    return all(len(found[role]) == 1 for role in ("user", "item", "target"))


def rating_columns(frame: "pandas.DataFrame", given: Mapping[str, str | None]) -> RatingColumns:
    """The columns of a frame as `read_table` gives it; what is `given` by role is taken as it is.

    Raises BadData for a name that is not there, a role that no column or several fit, and ratings that are no numbers;
    BadSetting for one column in two roles.
    """
    names = [str(name) for name in frame.columns]
    chosen = {role: name for role, name in given.items() if name is not None}
    for name in chosen.values():
        if name not in names:
            raise no_column(name, names)
    if len(set(chosen.values())) < len(chosen):
        raise BadSetting(
            Text(
                en=f"users, items, ratings and times stand in columns of their own; got {', '.join(chosen.values())}",
                zh=f"用户、物品、评分和时间应各占一列；得到 {'、'.join(chosen.values())}",
            )
        )
    free = [name for name in names if name not in chosen.values()]
    for role, found in _by_name(free).items():
        if role not in chosen and len(found) == 1:
            chosen[role] = found[0]
    for role in ("target", "user", "item"):
        if role not in chosen:
            chosen[role] = _by_content(frame, role, [name for name in names if name not in chosen.values()])
    return RatingColumns(chosen["user"], chosen["item"], chosen["target"], chosen.get("time"))


def _by_name(names: Sequence[str]) -> dict[str, list[str]]:
    """The columns that are called as each role is; of several users or items those called by a number come first."""
    found: dict[str, list[str]] = {}
    for role, called in CALLED.items():
        pattern = re.compile(f"(?:{called}){_NAMED if role in ('user', 'item') else ''}")
        fitting = [name for name in names if pattern.fullmatch(re.sub(r"[\W_]+", "", name).lower())]
        numbered = [name for name in fitting if re.search(r"(?i:id)$|编号$", name)]
        found[role] = numbered if len(numbered) == 1 else fitting
    return found


def _by_content(frame: "pandas.DataFrame", role: str, free: list[str]) -> str:
    """Ratings are numbers of few values; users and items are names that return, users before items."""
    import pandas

    if role == "target":
        fitting = [
            name
            for name in free
            if pandas.api.types.is_numeric_dtype(frame[name]) and 2 <= frame[name].nunique() <= MOST_STEPS
        ]
        fitting = [name for name in fitting if frame[name].nunique() == min(frame[each].nunique() for each in fitting)]
    else:
        fitting = [name for name in free if 2 <= frame[name].nunique() < frame[name].count()]
        fitting = [name for name in fitting if not pandas.api.types.is_datetime64_any_dtype(frame[name])]
    # Two names that return are a user and an item, and stand in this order nearly everywhere.
    if len(fitting) == 1 or (role == "user" and len(fitting) == 2):
        return fitting[0]
    some = listed(fitting or [str(name) for name in frame.columns], most=20)
    why = Text("several may: {some}", "可能的有：{some}") if fitting else Text("columns: {some}", "现有列：{some}")
    raise BadData(
        Text(
            "no column is clearly the one of {role} ({why}); name it by --{option} COLUMN",
            "无法确定哪一列是{role}（{why}）；请用 --{option} 列名 指明",
        ).format(role=WORDS[role], why=why.format(some=some), option="rating" if role == "target" else role)
    )
