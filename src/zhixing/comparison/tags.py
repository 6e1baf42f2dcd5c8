"""The contest on tagged sentences: the families that suit them, and the measures that rank them."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

from zhixing import evaluate, models, train
from zhixing.comparison.families import Family, Task, choices
from zhixing.core import Spec, Text, spec
from zhixing.data import OwnTags

NUMBERS = spec(models.TokenNumbers)
"""Tokens that occur once teach what an unknown one is."""
MOST = 4_000
"""The most sentences that a field or a network learns from, so that a contest takes minutes."""


def of_tags(own: OwnTags, place: Path) -> Task:
    """The contest on these sentences, which were read from `place`."""
    tokens = sum(map(len, own.sentences))
    measures, mechanism = {
        "entities": ((evaluate.span_shortfall, evaluate.token_error), (evaluate.f1_by_kind,)),
        "words": ((evaluate.word_shortfall, evaluate.token_error), ()),
        "tags": ((evaluate.token_error,), (evaluate.error_by_tag,)),
    }[own.scheme]
    return Task(
        question=Text("Which family is best at tagging {file}?", "标注 {file}，哪一类模型最好？").format(
            file=place.name
        ),
        families=for_tags(),
        measures=measures,
        mechanism=mechanism,
        prepared=Text(
            "Which tokens, characters and features of neighbours are known, only the training sentences decide.",
            "哪些词、哪些字以及哪些上下文特征算是已知的，只由训练句决定。",
        ),
        items=Text("sentences", "句"),
        least=50 / tokens,  # half of what one of all tokens can change
    )


def for_tags() -> tuple[Family, ...]:
    """The families that answer with a tag for each token."""
    return (
        Family(
            "frequent",
            Text("most frequent tag of each word", "每个词最常见的标签"),
            choices(models.FrequentTag, prior=(0.0, 1.0, 3.0, 10.0)),
            preparation=NUMBERS,
        ),
        Family(
            "field",
            Text("conditional random field on features", "基于特征的条件随机场"),
            choices(models.FieldTagger, rate=(0.1, 0.3), rounds=(2, 6)),
            preparation=spec(models.TagFeatures),
            most=MOST,
        ),
        Family(
            "recurrent",
            Text("recurrent tagger", "循环网络标注器"),
            _recurrent(models.PlaceByPlace),
            preparation=NUMBERS,
            most=MOST,
        ),
        Family(
            "recurrent-field",
            Text("recurrent tagger with a random field", "带条件随机场的循环网络标注器"),
            _recurrent(models.LinearChainCRF),
            preparation=NUMBERS,
            most=MOST,
        ),
    )


def _recurrent(output: Callable[..., object]) -> Callable[[], tuple[Spec, ...]]:
    """Two rates and two shares of dropout."""

    def candidates() -> tuple[Spec, ...]:
        return tuple(
            spec(
                train.network_tagger,
                model=spec(models.RecurrentTagger, width=48, dropout=dropout, output=output),
                recipe=spec(
                    train.Recipe,
                    optimiser=spec(train.adamw, lr=rate, weight_decay=0.01),
                    schedule=spec(train.cosine, warm_up=0.1),
                    steps=160,
                    batch=16,
                    clip=5.0,
                ),
            )
            for rate, dropout in product((0.005, 0.02), (0.1, 0.4))
        )

    return candidates
