"""Ratings of the user's own: columns found in two languages, splits by chance and by time, bad ones in one line."""

from pathlib import Path

import numpy as np
import pandas
import pytest

from zhixing import data
from zhixing.core import BadData, BadSetting, spec


def table(rows: int = 60, **names: str) -> pandas.DataFrame:
    """Ratings of 9 items by 8 users, every pair at most once, with seconds that grow."""
    pairs = np.random.default_rng(0).permutation(72)[:rows]
    columns = {
        "user": pairs // 9 + 100,
        "item": pairs % 9,
        "rating": 1 + pairs % 5,
        "time": 1_000_000 + np.arange(rows),
    }
    return pandas.DataFrame({names.get(role, role): values for role, values in columns.items()})


@pytest.fixture
def written(tmp_path):
    """Writes a frame to a file and gives its path."""

    def write(frame: pandas.DataFrame, name: str = "ratings.csv") -> str:
        frame.to_csv(tmp_path / name, index=False)
        return str(tmp_path / name)

    return write


@pytest.mark.parametrize(
    "names",
    [
        {"user": "userId", "item": "movieId", "rating": "rating", "time": "timestamp"},
        {"user": "user_id", "item": "ASIN", "rating": "Stars", "time": "Review Time"},
        {"user": "用户", "item": "电影", "rating": "评分", "time": "时间"},
        {"user": "用户ID", "item": "商品编号", "rating": "打分", "time": "评价时间"},
        {"user": "reviewer", "item": "title", "rating": "score", "time": "date"},
    ],
)
def test_columns_are_found_by_their_names(names, written):
    frame = table(**names)
    names = {role: names[role] for role in ("user", "item", "rating", "time")}
    path = written(frame[list(reversed(frame.columns))])
    found = data.own_ratings(path=path)
    assert (found.found.user, found.found.item, found.found.target, found.found.time) == tuple(names.values())
    assert len(found) == 60
    assert found.classes == ()
    assert found.targets.dtype == np.float64
    assert list(found.take(np.arange(2)).columns) == [names["user"], names["item"]]
    assert names["user"] in found.told.en
    assert names["item"] in found.told.zh
    assert data.own_data(path) == spec(data.own_ratings, path=path)


def test_columns_without_telling_names_are_found_by_what_they_hold(written):
    frame = table(user="a", item="b", rating="c", time="d").assign(a=lambda t: "p" + t["a"].astype(str))
    found = data.own_ratings(path=written(frame.drop(columns="d"))).found
    assert (found.user, found.item, found.target, found.time) == ("a", "b", "c", None)
    three = written(frame.assign(e=frame["b"] + 50), "three.csv")
    with pytest.raises(
        BadData, match=r"no column is clearly the one of users .*'a', 'b', 'e'.*name it by --user COLUMN"
    ):
        data.own_ratings(path=three, time="d")
    given = data.own_ratings(path=three, user="e", item="a", target="c")
    assert (given.found.user, given.found.item, given.found.target) == ("e", "a", "c")


def test_of_two_names_of_an_item_the_number_is_taken(written):
    frame = table(user="userId", item="movieId").assign(title=lambda t: "film " + t["movieId"].astype(str))
    assert data.own_ratings(path=written(frame)).found.item == "movieId"


def test_the_last_of_several_ratings_counts(written):
    frame = table()
    changed = frame.iloc[[3, 7]].assign(rating=9, time=[5_000_000, 0])  # one later, one earlier than the first
    found = data.own_ratings(path=written(pandas.concat([frame, changed])))
    assert len(found) == 60
    assert (found.targets == 9).sum() == 1
    assert any("2 ratings were given again" in note.en and "2 条评分" in note.zh for note in found.notes)
    without = data.own_ratings(path=written(pandas.concat([frame, changed]).drop(columns="time"), "untimed.csv"))
    assert (without.targets == 9).sum() == 2  # the last in the file


def test_gaps_are_left_out_and_said(written):
    frame = table().astype({"user": object, "rating": object})
    frame.loc[[1, 2], "user"] = None
    frame.loc[5, "rating"] = None
    found = data.own_ratings(path=written(frame))
    assert len(found) == 57
    assert any("3 rows without a user" in note.en for note in found.notes)


def test_a_random_split_has_its_share_and_depends_on_the_generator_alone(written):
    ratings = data.own_ratings(path=written(table()))
    rows = np.arange(5, 45)
    known, judged = ratings.split(rows, 0.25, np.random.default_rng(1))
    assert sorted([*known, *judged]) == rows.tolist()
    assert len(judged) == 10
    np.testing.assert_array_equal(ratings.split(rows, 0.25, np.random.default_rng(1))[1], judged)
    assert set(ratings.split(rows, 0.25, np.random.default_rng(2))[1]) != set(judged)


def test_a_split_by_time_judges_each_user_by_her_latest_ratings(written):
    frame = table().sample(frac=1, random_state=0)
    ratings = data.own_ratings(path=written(frame), time="time")
    rows = np.random.default_rng(0).permutation(60)[:50]
    cuts, shares = set(), []
    for seed in range(20):
        known, judged = ratings.split(rows, 0.25, np.random.default_rng(seed))
        assert sorted([*known, *judged]) == sorted(rows)
        users = ratings.features["user"].to_numpy()
        for user in set(users[rows]):
            own, later = known[users[known] == user], judged[users[judged] == user]
            assert len(own)
            assert not len(later) or ratings.times[own].max() < ratings.times[later].min()
        cuts.add(tuple(sorted(judged)))
        shares.append(len(judged) / len(rows))
    assert len(cuts) == 20
    assert 0.2 < np.mean(shares) < 0.3


def test_dates_order_as_numbers_do(written):
    frame = table().assign(time=lambda t: pandas.to_datetime(t["time"] * 1000, unit="s").dt.strftime("%Y-%m-%d %H:%M"))
    by_date = data.own_ratings(path=written(frame), time="time")
    assert (np.diff(by_date.times) > 0).all()


def test_a_file_that_changed_is_read_anew(written):
    first = data.own_ratings(path=written(table()))
    again = data.own_ratings(path=written(table(50)))
    assert (len(first), len(again)) == (60, 50)
    assert first.fingerprint != again.fingerprint


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"user": 1}, {}, r"all 9 ratings are of one user \(1\); a recommendation compares at least two"),
        ({"item": "x"}, {}, r"all 8 ratings are of one item \(x\)"),
        ({"rating": 4}, {}, r"every rating in 'rating' is 4; there is nothing to tell apart"),
        ({"rating": "good"}, {}, r"the ratings in 'rating' are no numbers but such as 'good'"),
        ({"user": np.arange(60)}, {}, r"no user in 'user' comes twice.*name the right column"),
        ({"item": np.arange(60)}, {}, r"no item in 'item' comes twice"),
        ({"time": "once"}, {"time": "time"}, r"the column 'time' holds words as 'once'; a time is a date"),
        ({}, {"user": "usr"}, r"column 'usr' is not in the table; did you mean 'user'\?"),
        ({}, {"target": "note"}, r"column 'note' is not in the table"),
    ],
)
def test_bad_ratings_are_refused_in_one_line(change, options, message, written):
    frame = table().assign(**change)
    with pytest.raises(BadData, match=message) as caught:
        data.own_ratings(path=written(frame), **options)
    for text in (caught.value.message.en, caught.value.message.zh):
        assert "\n" not in text
        assert len(text) < 250


def test_too_few_and_columns_in_two_roles_are_refused(written):
    with pytest.raises(BadData, match="12 ratings are too few to learn from; at least 20 are needed"):
        data.own_ratings(path=written(table(12)))
    with pytest.raises(BadSetting, match="stand in columns of their own; got user, user"):
        data.own_ratings(path=written(table(), "other.csv"), user="user", item="user")


def test_only_tables_that_name_all_three_columns_are_taken_for_ratings(written):
    path = written(table().rename(columns={"rating": "price"}))
    assert data.own_data(path).function is data.own_unlabelled
    assert data.own_data(path, target="price", task="ratings") == spec(data.own_ratings, path=path, target="price")
    with pytest.raises(BadSetting, match="--group: ratings are divided at random or by --time; leave it out"):
        data.own_data(path, target="price", task="ratings", group="user")
    assert data.own_data(written(table()), target="rating").function is data.own_table


def test_later_pairs_are_read_as_the_ratings_were(written, tmp_path):
    from zhixing import models, train
    from zhixing.train.keeping import as_bytes, from_bytes
    from zhixing.train.learner import Lesson

    ratings = data.own_ratings(path=written(table()))
    rows = np.arange(len(ratings))
    lesson = Lesson(spec(models.RatingCodes), ratings.take(rows), ratings.targets, ())
    recipe = spec(train.Recipe, optimiser=spec(train.adamw), steps=3, batch=16)
    neural = spec(train.rating_network, model=spec(models.NeuralFactorisation, factors=2, embedding=2), recipe=recipe)
    later = tmp_path / "later.csv"
    later.write_text("item,user\n3,101\n,102\n77,101\n3,nobody\n", encoding="utf-8")
    (answers,) = data.later_answers(ratings.card, written(table(30), "known.csv"))
    np.testing.assert_array_equal(answers, table(30)["rating"])
    for candidate in (
        spec(models.item_mean),
        spec(models.rating_biases),
        spec(models.item_neighbours),
        spec(models.factorisation, factors=2),
        spec(models.bayesian_factorisation, factors=2, sweeps=6, burn_in=2, kept=2),
        neural,
    ):
        learner = lesson.learner(candidate, np.random.default_rng(0))
        (block,) = data.later(ratings.card, str(later))
        answers = from_bytes(as_bytes(learner)).answers(block)
        np.testing.assert_array_equal(answers, learner.answers(block))
        pair = pandas.DataFrame({"user": [101], "item": [3]})
        assert answers[0] == pytest.approx(learner.answers(pair)[0])
        assert np.isfinite(answers).all()


def test_a_network_on_ratings_keeps_its_course_of_training(written, memory_watch):
    from zhixing import models, train
    from zhixing.train.keeping import as_bytes, from_bytes, keep
    from zhixing.train.learner import Lesson

    ratings = data.own_ratings(path=written(table()))
    lesson = Lesson(spec(models.RatingCodes), ratings.take(np.arange(len(ratings))), ratings.targets, ())
    recipe = spec(train.Recipe, optimiser=spec(train.adamw), steps=3, batch=16)
    neural = spec(train.rating_network, model=spec(models.NeuralFactorisation, factors=2, embedding=2), recipe=recipe)
    watch = memory_watch()
    learner = lesson.learner(neural, np.random.default_rng(0))
    keep(watch, learner, ratings.card)
    assert "trace.safetensors" in watch.files
    back = from_bytes(as_bytes(learner))  # a learner that is back holds none, and is kept again without
    keep(watch := memory_watch(), back, ratings.card)
    assert "trace.safetensors" not in watch.files


def test_the_contest_on_ratings_has_families_of_equally_many_choices(written, memory_watch):
    from zhixing.comparison.contest import contest
    from zhixing.comparison.families import CHOICES
    from zhixing.core import Seeds

    study = contest(written(table()))
    assert study.question.en == "Which model foretells rating of ratings.csv best?"
    design = study.design("quick")
    names = [arm.name for arm in design.arms]
    assert names == ["mean", "biases", "neighbours", "factors", "bayesian", "neural"]
    assert all(len(set(arm.settings["candidates"])) == CHOICES for arm in design.arms)
    biases = study.plan("quick").calls["biases"].build(Seeds(0), memory_watch())
    assert 0 < biases["root_mean_square"] < 3
    assert 0 <= biases["recall_of_lists"] <= 100


def crowded(rows: int = 400) -> pandas.DataFrame:
    """Twenty users who rate each of thirty items at most once."""
    pairs = np.random.default_rng(3).permutation(600)[:rows]
    user, item = pairs // 30, pairs % 30
    return pandas.DataFrame({"user": user, "item": item, "rating": 1 + (user * item + 3 * item) % 5})


@pytest.mark.parametrize("most", [None, 60])
def test_lists_are_those_of_a_loop_over_all_items_that_a_user_had_not_rated(written, memory_watch, most):
    """Of which fewer than all were learned from where `most` says so; those are the only ones that can be listed."""
    from zhixing import evaluate, models, train
    from zhixing.comparison.ratings import for_ratings, of_ratings
    from zhixing.core import Seeds, spec
    from zhixing.train.keeping import from_bytes

    own = data.own_ratings(path=written(crowded()))
    call = of_ratings(own, Path("ratings.csv")).trial("smoke")
    trial = call.with_settings(
        data=spec(data.own_ratings, path=written(crowded())),
        candidates=(spec(models.factorisation, penalty=6.0),),
        preparation=for_ratings()[0].preparation,
        measures=(evaluate.root_mean_square,),
        most=most,
    )
    found = trial.build(Seeds(1), memory_watch())
    watch = memory_watch()
    assert train.kept_ratings(Seeds(1), watch, trial=trial) == {"root_mean_square": found["root_mean_square"]}
    learner, judged = from_bytes(watch.files["learner.skops"]), watch.arrays["judged"]
    known = np.setdiff1d(np.arange(len(own)), judged)
    rows = own.features.assign(rating=own.targets)
    judging, before, gains, recalls = rows.iloc[judged], rows.iloc[known], [], []
    for user, liked in judging[judging["rating"] >= before["rating"].median()].groupby("user"):
        rated = set(before[before["user"] == user]["item"])
        left = [int(item) for item in learner.preparation.items if int(item) not in rated]
        asked = pandas.DataFrame({"user": user, "item": left})
        best = sorted(zip(-learner.answers(asked), map(str, left), left, strict=True))[:10]
        hits = [item in set(liked["item"]) for *_, item in best]
        worth = [1 / np.log2(place + 2) for place in range(10)]
        gains.append(sum(w for w, hit in zip(worth, hits, strict=False) if hit) / sum(worth[: len(liked)]))
        recalls.append(sum(hits) / len(liked))
    assert len(gains) > 10
    assert found["discounted_gain"] == pytest.approx(100 * np.mean(gains))
    assert found["recall_of_lists"] == pytest.approx(100 * np.mean(recalls))


def test_few_users_are_asked_where_there_are_many_items(written, memory_watch, monkeypatch):
    from zhixing import evaluate, models
    from zhixing.comparison.ratings import for_ratings, of_ratings
    from zhixing.core import Seeds, spec
    from zhixing.train import listing

    def measured(frame: pandas.DataFrame) -> dict:
        path = written(frame)
        call = of_ratings(data.own_ratings(path=path), Path(path)).trial("smoke")
        settings = {"candidates": (spec(models.item_mean),), "preparation": for_ratings()[0].preparation}
        trial = call.with_settings(
            data=spec(data.own_ratings, path=path), measures=(evaluate.root_mean_square,), **settings
        )
        return trial.build(Seeds(0), memory_watch())

    asked = []
    monkeypatch.setattr(
        listing._Rater, "scores", lambda self, users: asked.append(len(users)) or np.zeros((len(users), 30))
    )
    monkeypatch.setattr(listing, "PAIRS", 100)
    measured(crowded())
    assert asked == [3]


UNTOLD = pandas.DataFrame({"a": [f"a{n % 9}" for n in range(60)], "b": [n % 8 for n in range(60)]}).assign(
    c=lambda frame: [f"c{n * n % 11}" for n in range(60)], d=[1 + n * n % 5 for n in range(60)]
)


def test_columns_are_named_by_options_where_they_are_not_found(written):
    path = written(UNTOLD)
    with pytest.raises(BadData, match=r"no column is clearly the one of users .*; name it by --user COLUMN"):
        data.own_data(path, rating="d").build()
    with pytest.raises(BadData, match=r"no column is clearly the one of items .*; name it by --item COLUMN"):
        data.own_data(path, rating="d", user="c").build()
    own = data.own_data(path, user="c", item="a", rating="d").build()
    assert list(own.features.columns) == ["c", "a"]
    assert own.found.target == "d"
    assert data.own_data(path, user="c", item="a", target="d").build().targets.tolist() == own.targets.tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"user": "c", "task": "classes", "target": "d"}, "--user: only ratings have users and items; leave it out"),
        ({"rating": "d", "target": "d"}, "--target: --rating names the same column; leave it out"),
        ({"item": "a", "group": "c"}, "--group: ratings are divided at random or by --time; leave it out"),
        ({"user": "c", "item": "c"}, "stand in columns of their own; got c, c"),
    ],
)
def test_options_that_do_not_suit_ratings_are_refused(options, message, written):
    with pytest.raises(BadSetting, match=message):
        data.own_data(written(UNTOLD), **options).build()


def test_the_commands_take_the_options_and_repeat_them(written, tmp_path, monkeypatch, capsys):
    from zhixing.cli import main
    from zhixing.comparison.contest import contest

    named = ["--user", "c", "--item", "a", "--rating", "d"]
    study = contest(path := written(UNTOLD), user="c", item="a", rating="d")
    assert study.command.endswith(" ".join(named))
    monkeypatch.setenv("ZHIXING_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.argv", ["zhixing", "train", "biasses", "--data", path, *named, "--lang", "en"])
    with pytest.raises(SystemExit):
        main()
    told = capsys.readouterr()
    assert "users are in 'c', items in 'a', ratings in 'd'" in " ".join(told.out.split())
    assert "did you mean 'biases'?" in told.err  # both the reading and the learning took them
