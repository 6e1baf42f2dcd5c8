"""Which words of a text speak for the answer that a run gave: each is left out once."""

from collections import defaultdict
from functools import partial
from typing import Any

import numpy as np

from zhixing import draw, evaluate
from zhixing.core import Language, Text
from zhixing.views.asked import Asked
from zhixing.views.saliency import examples, named
from zhixing.views.scene import Scene
from zhixing.views.view import Picture, Table, View

LISTED = 12
"""Words of the table."""
_CAPTION = Text(
    "How far the probability of the answer falls when a word is left out: orange speaks for the answer, blue against it. "
    "Where two words say the same, leaving out either changes little.",
    "去掉一个词后，该回答的概率下降多少：橙色支持这一回答，蓝色反对。两个词意思相同时，去掉其中任何一个都变化不大。",
)


def omission(scene: Scene, seen: Asked) -> View:
    """Words of some texts by what they add to the answer, and those that add most over these texts."""
    rows = examples(seen)
    column = str(seen.features.columns[0])
    texts, answered = [str(text) for text in seen.among(rows)[column]], seen.answers[rows].argmax(axis=1)

    def answers(given: list[str]) -> np.ndarray:
        import pandas

        return seen.run.learner.answers(pandas.DataFrame({column: pandas.Series(given, dtype=object)}))

    heats, total = [], defaultdict(list)
    for text, place in zip(texts, answered, strict=True):
        found = evaluate.omissions(answers, text)
        heats.append([(each.word, float(each.fall[place])) for each in found])
        for word, fall in heats[-1]:
            total[word.lower(), int(place)].append(fall)
    drawing = draw.Drawing(
        "words",
        partial(_drawn, heats, [named(seen, row) for row in rows]),
        Text("Texts whose words are coloured by what they add to the answer.", "按对回答的作用给各词着色的文本。"),
    )
    strongest = sorted(total.items(), key=lambda each: -abs(sum(each[1])))[:LISTED]
    names = seen.run.classes
    first = [word for (word, _), falls in strongest if sum(falls) > 0][:3]
    return View(
        name="why",
        title=Text("Which words speak for each answer", "哪些词支持每个回答"),
        summary=Text(
            "In {count} of {which} these words speak most for the answer: {words}.",
            "在{which}中的 {count} 篇里，最支持回答的词是：{words}。",
        ).format(count=len(rows), which=seen.which, words=", ".join(first) or "–"),
        pictures=(Picture(drawing, Text("Words by what they add", "各词的作用"), _CAPTION),),
        tables=(
            Table(
                Text("The strongest words", "作用最强的词"),
                (Text("word", "词"), Text("answer", "回答"), Text("times", "次数"), Text("adds, mean", "平均作用")),
                tuple(
                    (
                        Text(word, word),
                        Text(names[place], names[place]),
                        Text(str(len(falls)), str(len(falls))),
                        draw.number(float(np.mean(falls))),
                    )
                    for (word, place), falls in strongest
                ),
            ),
        ),
        numbers={
            "texts": [
                {"row": int(seen.places[row]), "answer": names[place], "words": heat}
                for row, place, heat in zip(rows, answered, heats, strict=True)
            ]
        },
    )


def _drawn(heats: list[list[tuple[str, float]]], names: list[Text], language: Language) -> Any:
    return draw.words(heats, names=names, language=language)
