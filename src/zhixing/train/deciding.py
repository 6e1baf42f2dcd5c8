"""An experiment on one table: families of classifiers answer yes or no by one rule, and their mistakes are charged."""

from typing import Any

from zhixing.core import Seeds, Spec
from zhixing.data import split
from zhixing.train.classical import at_most, divided


def decided(
    seeds: Seeds,
    *,
    data: Spec,
    families: tuple[Spec, ...],
    rule: Spec,
    bill: Spec,
    fn: float,
    fp: float = 1.0,
    validation: int | None = None,
    examples: int | None = None,
) -> dict[str, Any]:
    """The bill of each family's decisions on test rows; targets are 0 and 1, a miss costs `fn`, a false alarm `fp`.

    Each family is fitted to 0.7 of the training rows, `examples` at most. `rule` is given its probabilities of the rest,
    or of `validation` rows of it, with their targets, and those of the test rows: the decision that comes back goes to
    `bill` with the test targets. Streams of randomness: those of `divided`, "validation", "fewer" and "model".
    """
    known, judged = divided(data, seeds, examples=examples)
    known, checked = split(known, 0.3, seeds.numpy("validation"))
    checked = at_most(checked, validation, seeds.numpy("fewer"))
    bills = []
    for family in families:
        estimator = family.build(generator=seeds.numpy("model"))
        estimator.fit(known.inputs, known.targets)
        seen, asked = (estimator.predict_proba(part.inputs)[:, 1] for part in (checked, judged))
        decision = rule.build(seen, checked.targets, asked, fn=fn, fp=fp)
        bills.append(bill.build(decision, judged.targets, fn=fn, fp=fp))
    return {"bills": bills}
