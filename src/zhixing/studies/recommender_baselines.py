"""Does a neural model beat tuned matrix factorisation?"""

from dataclasses import replace

from zhixing import data, evaluate, models, train
from zhixing.core import Spec, Text, spec
from zhixing.study import All, Arm, Better, Design, Exercise, Explanation, Scale, Study, Tuning, tune

SEEDS = {"smoke": 2, "quick": 12, "full": 24}
USERS = {"smoke": 40, "quick": None, "full": None}
TURNS = {"smoke": 2, "quick": 12, "full": 30}
STEPS = {"smoke": 20, "quick": 700, "full": 1_200}


def factors(scale: Scale, penalty: float | Spec, count: int | Spec) -> Spec:
    return spec(models.factorisation, penalty=penalty, factors=count, turns=TURNS[scale])


def neural(scale: Scale, rate: float | Spec, decay: float | Spec) -> Spec:
    """Product and network side by side; their sizes are the best of thirty that were tried at random beforehand."""
    recipe = spec(
        train.Recipe,
        optimiser=spec(train.adamw, lr=rate, weight_decay=decay),
        schedule=spec(train.cosine, warm_up=0.1),
        steps=STEPS[scale],
        batch=512,
    )
    model = spec(models.NeuralFactorisation, factors=32, embedding=8, widths=(32, 16), dropout=0.2)
    return spec(train.rating_network, model=model, recipe=recipe)


def arm(name: str, model: Spec) -> Arm:
    return Arm(name, label=LABELS[name], model=model)


LABELS = {
    "biases": Text("biases alone", "仅有偏置"),
    "factors": Text("matrix factorisation", "矩阵分解"),
    "neural": Text("neural factorisation", "神经矩阵分解"),
}


def design(scale: Scale) -> Design:
    return Design(
        trial=spec(
            train.rated,
            data=spec(data.movielens, users=USERS[scale]),
            measures=(evaluate.rating_error, evaluate.error_by_ratings_of_item),
        ),
        arms=[
            arm("biases", spec(models.rating_biases, users=tune(2.0, 4.0, 6.0, 9.0), items=tune(2.0, 4.0))),
            arm("factors", factors(scale, tune(7.0, 10.0, 13.0, 17.0), tune(10, 25))),
            arm("neural", neural(scale, tune(0.007, 0.013, 0.025, 0.05), tune(1.0, 1.5))),
        ],
        seeds=SEEDS[scale],
        measures=[evaluate.rating_error],
        mechanism=[evaluate.error_by_ratings_of_item],
        tuning=Tuning(
            on=evaluate.rating_error, settings={"held_out": "validation"}, seeds=1 if scale == "smoke" else 2
        ),
        verdict=All(
            Better("neural", than="biases", on=evaluate.rating_error, by=0.0),
            Better("factors", than="neural", on=evaluate.rating_error, by=0.005),
        ),
    )


def untuned(scale: Scale, *, penalty: float, factors: int) -> Design:
    """The learner's factorisation, not tuned; biases alone are claimed to err less by 0.01 stars or more."""
    chosen = arm("factors", globals()["factors"](scale, penalty, factors))
    return duel(scale, chosen, Better("biases", than="factors", on=evaluate.rating_error, by=0.01))


def mended(scale: Scale, *, rate: float, decay: float) -> Design:
    """The learner's neural model; it is claimed to err less than biases alone by 0.003 stars or more."""
    chosen = arm("neural", neural(scale, rate, decay))
    return duel(scale, chosen, Better("neural", than="biases", on=evaluate.rating_error, by=0.003))


def duel(scale: Scale, chosen: Arm, verdict: Better) -> Design:
    """Against biases with the penalties that are usually chosen; nothing is tuned."""
    biases = arm("biases", spec(models.rating_biases, users=4.0, items=2.0))
    return replace(design(scale), arms=[biases, chosen], verdict=verdict, tuning=None)


study = Study(
    slug="recommender-baselines",
    chapter="families",
    question=Text("a", "b"),
    claim=Text("a", "b"),
    source="x",
    explanation=Explanation(*[Text("a", "b")] * 4),
    design=design,
    exercises=(
        Exercise(
            task=Text("a", "b"),
            design=untuned,
            among={"penalty": (0.5, 30.0), "factors": (1, 50)},
            solution={"penalty": 2.0, "factors": 20},
        ),
        Exercise(
            task=Text("a", "b"),
            design=mended,
            among={"rate": (0.0003, 0.1), "decay": (0.01, 10.0)},
            solution={"rate": 0.02, "decay": 1.5},
        ),
    ),
)
