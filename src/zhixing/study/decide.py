"""Deciding: the rule's claims at the first look at which they settle, corrected for being several."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

from zhixing.core import Text
from zhixing.draw.quantities import interval, number
from zhixing.evaluate import sequential
from zhixing.evaluate.sequential import Verdict
from zhixing.study.answer import VERDICTS, ClaimResult
from zhixing.study.rules import Claim, Rule, Table

LEVEL = 0.95
"""Of all verdicts of one study together, however often one looks at it."""

PROBABLY = 0.5
"""The odds at which more seeds would "probably" settle a claim; 0.8 asks for so many that few studies get a number."""


@dataclass(frozen=True)
class Decision:
    """The verdict of the whole study after its first `seeds` seeds."""

    verdict: Verdict
    claims: tuple[ClaimResult, ...]
    seeds: int


def earliest(rule: Rule) -> int:
    """The fewest seeds after which the rule can give a verdict at all."""
    return sequential.earliest(_alpha(rule.claims(Table((), {}))))


def next_look(rule: Rule, seeds: int) -> int:
    """The fewest seeds above `seeds` at which a verdict may fall that could not have fallen before."""
    alpha = _alpha(rule.claims(Table((), {})))
    return next(n for n in count(seeds + 1) if sequential.boundary(n, alpha) == sequential.boundary(n - 1, alpha))


def decide(rule: Rule, table: Table) -> Decision:
    """The verdict at the first number of seeds at which there is one, else at all of the table's seeds.

    It depends on the seeds in their order and on nothing else: not on the rounds in which they were run, nor on
    how many more lie in the store.
    """
    for seeds in range(1, len(table.seeds) + 1):
        decision = _at(rule, table.first(seeds))
        if decision.verdict != "undecided":
            return decision
    return replace(decision, claims=tuple(_forecast(claim) for claim in decision.claims))


def _alpha(claims: Sequence[Claim]) -> float:
    """The one-sided error that each of these claims may make."""
    return sequential.per_claim(LEVEL, len(claims))


def _at(rule: Rule, table: Table) -> Decision:
    claims = rule.claims(table)
    alpha = _alpha(claims)
    results = tuple(_result(claim, alpha) for claim in claims)
    verdicts = {result.verdict for result in results}
    whole: Verdict = "undecided"
    if "refuted" in verdicts:
        whole = "refuted"
    elif verdicts == {"supported"}:
        whole = "supported"
    return Decision(whole, results, len(table.seeds))


def _result(claim: Claim, alpha: float) -> ClaimResult:
    found = sequential.decide(claim.values, claim.region, alpha, claim.bounds)
    return ClaimResult(
        id=claim.id,
        text=claim.text,
        verdict=found.verdict,
        estimate=found.estimate.estimate,
        low=found.estimate.low,
        high=found.estimate.high,
        level=found.estimate.level,
        unit=claim.unit,
        n=found.estimate.n,
        more_seeds=None,
        region=claim.region,
        values=claim.values,
        bounds=claim.bounds,
    )


def _forecast(result: ClaimResult) -> ClaimResult:
    """The claim with the number of seeds that would probably (at even odds or better) settle it."""
    if result.verdict != "undecided":
        return result
    alpha = (1 - result.level) / 2
    more = sequential.more_seeds(result.values, result.region, alpha, result.bounds, power=PROBABLY)
    return replace(result, more_seeds=more)


def sentence(decision: Decision) -> Text:
    """The verdict in one sentence, with the number of the claim that carried it."""
    telling = next((c for c in decision.claims if c.verdict == decision.verdict), decision.claims[0])
    more = Text("", "")
    if decision.verdict == "undecided":
        needed = [c.more_seeds for c in decision.claims if c.verdict == "undecided"]
        known = [n for n in needed if n is not None]
        if len(known) == len(needed):
            more = Text(
                f" About {max(known)} more seeds would probably settle it.",
                f"大约再有 {max(known)} 个种子就可能有定论。",
            )
        else:
            more = Text(
                " No number of seeds that is affordable would probably settle it.", "再多的种子恐怕也难有定论。"
            )
    return Text(
        en="{verdict}: {claim}. Median over {n} seeds: {estimate} {unit} ({level:.4g} % interval {interval}).{more}",
        zh="{verdict}：{claim}。{n} 个种子的中位数为 {estimate} {unit}（{level:.4g}% 区间 {interval}）。{more}",
    ).format(
        verdict=Text(VERDICTS[decision.verdict].en.capitalize(), VERDICTS[decision.verdict].zh),
        claim=telling.text, n=telling.n, unit=telling.unit, level=100 * telling.level, more=more,
        estimate=number(telling.estimate), interval=interval(telling.low, telling.high),
    )  # fmt: skip
