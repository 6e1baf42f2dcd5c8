"""What a profile found, in words: all that may spoil a comparison on the table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from zhixing.core import Text
from zhixing.data.own.loose import listed

if TYPE_CHECKING:
    from zhixing.data.own.columns import Column
    from zhixing.data.own.profile import Profile

RARE = 0.01
"""A class with a smaller share of the rows is said to be rare."""


def remarks(found: "Profile") -> list[Text]:
    """Each likely leak, copies, contradictions, columns left out, gaps and rare classes, in this order."""
    notes = []
    target, rows = found.target, found.rows
    if found.unlabelled:
        many = found.unlabelled > rows
        share = _percent(found.unlabelled / (rows + found.unlabelled))
        notes.append(
            Text(
                en=f"{found.unlabelled:,} rows ({share}) have no {target!r} and are left out"
                + ("; that is more than half, so ask whether the rest stands for all" if many else ""),
                zh=f"{found.unlabelled:,} 行（{share}）没有 {target!r} 的值，已略去"
                + ("；缺失超过一半，请考虑其余各行能否代表全体" if many else ""),
            )
        )
    for leak in found.leaks:
        share = _percent(np.floor(1000 * leak.gain) / 1000)
        notes.append(
            Text(
                en=f"{leak.name!r} alone tells {target!r} almost exactly ({share} of what can be gained, on rows not used to "
                "learn it); if it is known only after the answer, take it out",
                zh=f"仅凭 {leak.name!r} 就几乎能准确得出 {target!r}（在未参与学习的行上达到可提升空间的 {share}）；"
                "如果它要在结果出来之后才知道，请去掉这一列",
            )
        )
    if found.duplicates:
        notes.append(
            Text(
                en=f"{found.duplicates:,} of {rows:,} rows repeat an earlier row in every column; if they are copies, a model "
                "may be judged on rows that it has seen",
                zh=f"{rows:,} 行中有 {found.duplicates:,} 行与前面某行完全相同；若属重复录入，模型可能会在见过的行上受评",
            )
        )
    if found.contradictions:
        notes.append(
            Text(
                en=f"{found.contradictions:,} rows equal another row in every feature, but not in {target!r}: no model can tell "
                "them all right",
                zh=f"{found.contradictions:,} 行的特征与别的行完全相同，{target!r} 却不同：没有模型能全部答对",
            )
        )
    return [*notes, *notes_of_columns(found.columns), *_notes_of_classes(found)]


def notes_of_columns(columns: "Sequence[Column]") -> list[Text]:
    """Columns left out, and gaps."""
    notes = []
    if constants := [each.name for each in columns if each.kind == "constant"]:
        some = listed(constants)
        notes.append(Text(f"left out, since they never change: {some.en}", f"因取值始终不变而略去：{some.zh}"))
    if identifiers := [each.name for each in columns if each.kind == "identifier"]:
        some = listed(identifiers)
        notes.append(
            Text(
                en=f"left out, since they only name the row: {some.en}",
                zh=f"因只是各行的编号或名称而略去：{some.zh}",
            )
        )
    if gaps := sorted((each for each in columns if 0 < each.missing < 1), key=lambda each: -each.missing):
        some = listed([f"{each.name!r} ({_percent(each.missing)})" for each in gaps])
        notes.append(Text(f"cells are missing in {some.en}", f"以下列有缺失：{some.zh}"))
    return notes


def _notes_of_classes(found: "Profile") -> list[Text]:
    if not found.classes:
        return []
    name, count = min(zip(found.classes, found.counts, strict=True), key=lambda each: each[1])
    if count >= RARE * found.rows:
        return []
    share = _percent(count / found.rows)
    return [
        Text(
            en=f"class {name!r} is rare: {count:,} of {found.rows:,} rows ({share}); a model that never says it errs little",
            zh=f"类别 {name!r} 很少见：{found.rows:,} 行中只有 {count:,} 行（{share}）；从不回答它的模型也很少出错",
        )
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
