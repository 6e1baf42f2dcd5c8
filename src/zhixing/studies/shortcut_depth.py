"""Does a shortcut rescue a deep network?"""

from zhixing import data, evaluate, models, train
from zhixing.core import Text, spec
from zhixing.study import All, Arm, Better, Design, Scale

SHALLOW, DEEP = 8, 32
STEPS = {"smoke": 10, "quick": 300, "full": 3_000}
SEEDS = {"smoke": 2, "quick": 10, "full": 20}


def arm(depth: int, shortcut: bool) -> Arm:
    kind = Text("residual", "残差") if shortcut else Text("plain", "普通")
    label = Text("{kind}, {depth} layers", "{kind}网络，{depth} 层").format(kind=kind, depth=depth)
    return Arm(f"{kind.en}-{depth}", label=label, model=spec(models.cnn, depth=depth, shortcut=shortcut))


def design(scale: Scale) -> Design:
    recipe = spec(
        train.recipe, optimiser=spec(train.sgd, lr=0.05, momentum=0.9), steps=STEPS[scale], batch=64, clip=1.0
    )
    mechanism = evaluate.gradient_norm_by_layer
    return Design(
        trial=spec(
            train.supervised,
            data=spec(data.digits28),
            recipe=recipe,
            measures=(evaluate.test_error,),
            mechanism=(mechanism,),
        ),
        arms=[arm(depth, shortcut) for depth in (SHALLOW, DEEP) for shortcut in (False, True)],
        seeds=SEEDS[scale],
        measures=[evaluate.test_error],
        mechanism=[mechanism],
        verdict=All(
            Better("plain-8", than="plain-32", on=evaluate.test_error, by=10.0),
            Better("residual-32", than="plain-32", on=evaluate.test_error, by=10.0),
        ),
    )
