"""Families that read text, for a table which has columns of it."""

from collections.abc import Callable
from functools import partial
from itertools import product

from zhixing import models, train
from zhixing.comparison.families import BATCH, Family, by_scale, choices, steps_for
from zhixing.core import Spec, Text, spec
from zhixing.data import OwnTable
from zhixing.models.grams import ORDERS, PLACES
from zhixing.models.pieces import PLACES as PIECE_PLACES
from zhixing.study import Scale

STRENGTHS = (1.0, 4.0, 16.0, 64.0)
STEPS: dict[Scale, tuple[int, int]] = {"smoke": (50, 100), "quick": (100, 300), "full": (300, 800)}
"""Of the networks, few or many, at most."""
ROUNDS = 12
"""How often a network sees each text, at most, in as many steps as at `quick` or more."""
STRENGTHS_TOGETHER = (2.0, 8.0)
"""Of the weights of counts in `both`; those of presences are a fortieth."""
NETWORKS, READERS = 3, 2
"""In `both` at `full`: the networks have one voice together, the readers of pieces one each."""
OF_VECTORS = (0.001, 0.01, 0.1, 1.0)
"""Each of 384 numbers has variance near 1, so that weights must be held smaller."""


def text_columns(table: OwnTable) -> tuple[str, ...]:
    """The names of the columns that hold text."""
    return tuple(column.name for column in table.found.columns if column.kind == "text")


def for_text(table: OwnTable) -> tuple[Family, ...]:
    """The families that read the text of the table; none where it has no such column."""
    columns = text_columns(table)
    return reading(columns, classes=bool(table.classes), rows=len(table.targets)) if columns else ()


def reading(columns: tuple[str, ...], *, classes: bool, rows: int) -> tuple[Family, ...]:
    """The families that read the text of these columns in so many rows, for classes or for amounts."""
    counts = spec(models.WordCounts, columns=columns)
    vectors = spec(models.SentenceVectors, columns=columns)
    grams = spec(models.Grams, columns=columns)
    of_counts = Text("word counts", "词频")
    of_vectors = Text("sentence vectors", "句向量")
    learned = Text("learned vectors", "自学的词向量")
    if not classes:
        ridge = Family("counts", of_counts, choices(models.ridge, strength=(0.1, 0.3, 1.0, 3.0)), counts)
        pretrained = Family(
            "sentences", of_vectors, choices(models.ridge, strength=(0.0001, 0.001, 0.01, 0.1)), vectors
        )
        own = by_scale("learned", learned, partial(_learned, train.network_regressor, rows), preparation=grams)
        return (ridge, *([pretrained] if models.has_sentence_vectors() else []), own)
    return (
        Family("counts", of_counts, choices(models.logistic, strength=STRENGTHS), counts),
        *(
            [Family("sentences", of_vectors, choices(models.logistic, strength=OF_VECTORS), vectors)]
            if models.has_sentence_vectors()
            else []
        ),
        by_scale("learned", learned, partial(_learned, train.network_classifier, rows), preparation=grams),
        by_scale(
            "both",
            Text("word counts and learned vectors", "词频加自学的词向量"),
            partial(_together, rows),
            preparation=spec(models.CountsAndGrams, columns=columns),
            thorough=spec(models.CountsGramsAndPieces, columns=columns) if models.has_pieces() else None,
        ),
    )


def _learned(estimator: Callable[..., object], rows: int, scale: Scale) -> tuple[Spec, ...]:
    """Few or many steps, small ones or large ones."""
    return tuple(_network(estimator, steps, rate) for steps, rate in product(_steps(rows, scale), (0.002, 0.005)))


def _steps(rows: int, scale: Scale) -> tuple[int, ...]:
    """Few or many, of a network that reads so many rows."""
    bounds = zip(STEPS["quick"], STEPS[scale], strict=True)
    return tuple(steps_for(rows, rounds=ROUNDS, least=least, most=most) for least, most in bounds)


def _together(rows: int, scale: Scale) -> tuple[Spec, ...]:
    """Weights of counts, of presences, and a network; at `full` all settings together, and readers of pieces."""
    if scale == "full":
        networks = (_network(train.network_classifier, STEPS["quick"][1], 0.005),) * NETWORKS
        return (_asked(STRENGTHS_TOGETHER, networks, (_reader(rows),) * READERS if models.has_pieces() else ()),)
    return tuple(
        _asked((strength,), (_network(train.network_classifier, steps, 0.005),))
        for strength, steps in product(STRENGTHS_TOGETHER, _steps(rows, scale))
    )


def _asked(strengths: tuple[float, ...], networks: tuple[Spec, ...], readers: tuple[Spec, ...] = ()) -> Spec:
    """One voice for each way of reading, and for each reader, for these err in different places."""
    return spec(
        train.together,
        kinds=(
            tuple(spec(models.logistic, strength=strength) for strength in strengths),
            tuple(spec(models.presences, strength=strength / 40) for strength in strengths),
            networks,
            *((reader,) for reader in readers),
        ),
        parts=(0, 0, 1, *(2 for _ in readers)),
        columns=(ORDERS * PLACES, PIECE_PLACES) if readers else (ORDERS * PLACES,),
    )


def _reader(rows: int) -> Spec:
    recipe = spec(
        train.Recipe,
        optimiser=spec(train.adamw, lr=0.002),
        schedule=spec(train.linear),
        steps=steps_for(rows, rounds=ROUNDS, least=STEPS["quick"][1], most=1200),
        batch=BATCH,
        clip=1.0,
    )
    return spec(train.piece_reader, model=spec(models.PieceReader), recipe=recipe)


def _network(estimator: Callable[..., object], steps: int, rate: float) -> Spec:
    recipe = spec(
        train.Recipe,
        optimiser=spec(train.adamw, lr=rate),
        schedule=spec(train.linear),
        steps=steps,
        batch=BATCH,
    )
    return spec(estimator, model=spec(models.GramVectors), recipe=recipe)
