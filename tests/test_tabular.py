"""The network for tables: its preparation, its embeddings, its members, and what else is measured of answers."""

import numpy as np
import pandas
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn import metrics
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from zhixing import evaluate, models, train
from zhixing.comparison.tables import for_amounts, for_classes
from zhixing.core import spec
from zhixing.evaluate.answers import halves_judged
from zhixing.models.tabular import ColumnEmbeddings, PiecewiseLinear, SharedLinear, TabularNetwork, described
from zhixing.train.keeping import as_bytes, from_bytes
from zhixing.train.learner import Lesson
from zhixing.train.tabular import members_cross_entropy, members_squares

COLUMNS = ((-1.0, 0.0, 0.5, 2.0), 4, (0.0, 1.0), 3)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def frame(rows=60, seed=0):
    draw = np.random.default_rng(seed)
    return pandas.DataFrame(
        {
            "size": draw.normal(50, 10, rows),
            "age": np.where(np.arange(rows) % 5, draw.normal(size=rows), np.nan),
            "colour": [None if row % 7 == 0 else ["red", "green", "blue"][row % 3] for row in range(rows)],
            "when": pandas.Timestamp("2024-01-01") + pandas.to_timedelta(draw.integers(0, 900, rows), unit="D"),
        }
    )


def network(**more):
    made = TabularNetwork(
        columns=COLUMNS, classes=3, widths=(7, 5), members=3, embedding=2, generator=generator(), **more
    )
    with torch.no_grad():
        for parameter in made.parameters():  # nothing may hide behind zeros and ones
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator(parameter.numel())))
    return made.double().eval()


def rows(n=6):
    draw = np.random.default_rng(1)
    return torch.tensor(
        np.column_stack([draw.normal(size=n) * 2, draw.integers(0, 4, n), draw.random(n), draw.integers(0, 3, n)])
    )


# Preparation --------------------------------------------------------------------------------------------------


def test_codes_count_words_and_say_where_a_gap_was():
    known = pandas.DataFrame({"x": [1.0, 2.0, np.nan, 4.0, 5.0], "word": ["b", "a", None, "b", "c"]})
    prepared = models.Codes().fit(known)
    assert_allclose(prepared.transform(known)[:, 1], [1, 1, 2, 1, 1])
    assert_allclose(prepared.transform(known)[:, 2], [2, 1, 4, 2, 3])
    asked = prepared.transform(pandas.DataFrame({"x": [3.0, np.nan, 1e9], "word": ["violet", None, "c"]}))
    assert_allclose(asked, [[0, 1, 0], [0, 2, 4], [3, 1, 3]], atol=1e-6)


def test_numbers_are_scaled_by_their_quartiles_and_bent():
    known = np.array([0.0, 1.0, 2.0, 3.0, 100.0, 7.5, 8.0])
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    scaled = (known - middle) / (high - low)
    expected = scaled / np.sqrt(1 + scaled**2 / 9)
    assert_allclose(
        models.Codes().fit(pandas.DataFrame({"x": known})).transform(pandas.DataFrame({"x": known}))[:, 0], expected
    )


def test_a_column_without_spread_or_without_a_gap_while_it_was_learned_is_prepared():
    known = pandas.DataFrame({"mostly": [0.0] * 9 + [5.0], "one": [3.0] * 10, "word": list("aabbaabbab")})
    prepared = models.Codes().fit(known)
    numbers = prepared.transform(known)
    assert np.isfinite(numbers).all()
    assert_allclose(numbers[9, 0], (5 / 1.5) / np.sqrt(1 + (5 / 1.5 / 3) ** 2))  # 1.5 is the standard deviation
    asked = pandas.DataFrame({"mostly": [np.nan], "one": [np.nan], "word": [None]}).astype({"word": object})
    assert_allclose(prepared.transform(asked), [[0.0, 0.0, 0.0]])


def test_only_codes_hold_whole_numbers_throughout():
    prepared = models.Codes().fit(frame())
    numbers = prepared.transform(frame())
    found = described(numbers)
    assert [column if isinstance(column, int) else "number" for column in found[-2:]] == [3, 5]
    assert all(isinstance(column, tuple) for column in found[:2])
    assert described(np.array([[-1.0, 0.0], [1.0, 2.0]])) == ((-1.0, *np.linspace(-1, 1, 17)[1:]), 3)
    few = pandas.DataFrame({"stars": np.arange(60) % 5})  # whole numbers in, which are amounts all the same
    assert isinstance(described(models.Codes().fit(few).transform(few))[0], tuple)


# Embeddings ---------------------------------------------------------------------------------------------------


def test_piecewise_linear_encoding_is_an_interpolation():
    edges = (-1.0, 0.0, 0.5, 2.0)
    x = torch.linspace(-1, 2, 31, dtype=torch.float64)[:, None]
    found = PiecewiseLinear([edges, (0.0, 1.0)]).double()(x.expand(-1, 2))
    for place in range(3):
        share = np.interp(x[:, 0], edges, np.arange(4) > place)  # a ramp from 0 at one edge to 1 at the next
        assert_close(found[:, 0, place], torch.tensor(share))
    assert_close(found[:, 1, 0], x[:, 0])
    assert torch.count_nonzero(found[:, 1, 1:]) == 0
    beyond = PiecewiseLinear([edges]).double()(torch.tensor([[-3.0], [5.0]], dtype=torch.float64))
    assert_close(beyond[:, 0], torch.tensor([[-2.0, 0, 0], [1.0, 1, 3]], dtype=torch.float64))


def by_column(embeddings, x):
    """One row and one column at a time."""
    found = []
    for row in x:
        of_row = []
        for place, edges in enumerate([COLUMNS[0], COLUMNS[2]]):
            value = row[(0, 2)[place]]
            vector = value * embeddings.slope[place] + embeddings.bias[place]
            for t in range(len(edges) - 1):
                share = (value - edges[t]) / (edges[t + 1] - edges[t])
                share = share if t == 0 else share.clamp(min=0)
                share = share if t == len(edges) - 2 else share.clamp(max=1)
                vector = vector + share * embeddings.of_bins[place, t]
            of_row.append(vector)
        for place, first in ((1, 0), (3, 4)):
            code = int(row[place])
            of_row.append(embeddings.of_codes[first + code] * (code > 0))
        found.append(torch.cat(of_row))
    return torch.stack(found)


def test_embeddings_are_those_of_a_loop_over_rows_and_columns():
    embeddings = network().embeddings
    x = rows().requires_grad_()
    ours, theirs = embeddings(x), by_column(embeddings, x)
    assert_close(ours, theirs)
    weights = torch.randn(ours.shape, generator=generator(5), dtype=torch.float64)
    mine, other = (torch.autograd.grad((each * weights).sum(), x)[0] for each in (ours, theirs))
    assert_close(mine[:, [0, 2]], other[:, [0, 2]])


def test_a_code_never_seen_is_the_zero_vector():
    embeddings = ColumnEmbeddings((4,), size=3, generator=generator())
    found = embeddings(torch.tensor([[0.0], [4.0], [-1.0], [3.0]]))
    assert torch.count_nonzero(found[:3]) == 0
    assert torch.count_nonzero(found[3]) == 3


# Members ------------------------------------------------------------------------------------------------------


def test_members_are_a_loop_over_networks_with_a_matrix_each():
    model, x = network(), rows().requires_grad_()
    embedded, outputs = model.embeddings(x), []
    for m in range(3):
        h = embedded
        for layer in (brick for brick in model.hidden if isinstance(brick, SharedLinear)):
            matrix = torch.diag(layer.scale_out[m]) @ layer.weight @ torch.diag(layer.scale_in[m])
            h = torch.relu(torch.nn.functional.linear(h, matrix, layer.bias[m]))
        outputs.append(torch.nn.functional.linear(h, model.head[m], model.bias[m]))
    ours, theirs = model(x), torch.stack(outputs, dim=1)
    assert_close(ours, theirs)
    weights = torch.randn(ours.shape, generator=generator(5), dtype=torch.float64)
    assert_close(*(torch.autograd.grad((each * weights).sum(), x)[0] for each in (ours, theirs)))


def test_the_first_scaling_makes_members_differ_and_the_others_begin_at_one():
    made = TabularNetwork(columns=COLUMNS, classes=3, generator=generator())
    first, second = (brick for brick in made.hidden if isinstance(brick, SharedLinear))
    assert set(first.scale_in.unique().tolist()) == {-1.0, 1.0}
    assert set(second.scale_in.unique().tolist()) == {1.0}
    assert not torch.equal(made(rows().float())[:, 0], made(rows().float())[:, 1])


@pytest.mark.parametrize(("columns", "wide"), [(3, 24), (100, 500), (600, 600)])
def test_embeddings_of_wide_tables_are_small(columns, wide):
    assert TabularNetwork(columns=(3,) * columns, classes=2, generator=generator()).embeddings.size == wide


@pytest.mark.usefixtures("global_randomness_untouched")
def test_the_generator_decides_the_network():
    one, same, other = (
        TabularNetwork(columns=COLUMNS, classes=3, generator=generator(seed)).eval()(rows().float())
        for seed in (1, 1, 2)
    )
    assert_close(one, same, rtol=0, atol=0)
    assert not torch.equal(one, other)


def test_every_parameter_gets_a_gradient():
    model = network()
    members_cross_entropy(model(rows()), torch.tensor([0, 1, 2, 0, 1, 2])).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert torch.count_nonzero(parameter.grad), name


def test_each_member_has_its_own_loss():
    outputs, classes = torch.randn(6, 4, 3, generator=generator()), torch.tensor([0, 1, 2, 2, 1, 0])
    expected = torch.stack([cross_entropy(outputs[:, m], classes) for m in range(4)]).mean()
    assert_close(members_cross_entropy(outputs, classes), expected)
    amounts = torch.randn(6, generator=generator(1))
    assert_close(members_squares(outputs[..., :1], amounts), ((outputs[..., 0] - amounts[:, None]) ** 2).mean())


# As an estimator ----------------------------------------------------------------------------------------------


RECIPE = spec(train.Recipe, optimiser=spec(train.adamw, lr=0.01))


def candidate(kind):
    return spec(kind, model=spec(TabularNetwork, widths=(16,)), recipe=RECIPE, rounds=1, least=150)


def test_it_learns_kept_and_read_again_says_the_same():
    features = frame(120)
    targets = ((features["size"] > 50) ^ (features["colour"] == "red")).to_numpy().astype(np.int64)
    lesson = Lesson(spec(models.Codes), features, targets, ("no", "yes"))
    learner = lesson.learner(candidate(train.tabular_classifier), np.random.default_rng(0))
    found = learner.answers(features)
    assert_allclose(found.sum(axis=1), 1)
    assert evaluate.error(found, targets) < 15
    again = from_bytes(as_bytes(learner)).answers(features)
    assert_allclose(again, found, rtol=0, atol=0)
    with_gaps = features.assign(size=np.nan, colour="violet")
    assert np.isfinite(learner.answers(with_gaps)).all()


def test_its_answers_are_the_means_of_the_members():
    features, draw = frame(80), np.random.default_rng(0)
    inputs = models.Codes().fit(features).transform(features)
    amounts = inputs[:, 0] + 0.1 * draw.normal(size=80)
    one = candidate(train.tabular_regressor).build(generator=np.random.default_rng(0)).fit(inputs, amounts)
    same = candidate(train.tabular_regressor).build(generator=np.random.default_rng(0)).fit(inputs, amounts)
    assert_allclose(one.predict(inputs), same.predict(inputs), rtol=0, atol=0)
    assert evaluate.root_mean_square(one.predict(inputs), amounts) < 0.5 * amounts.std()
    with torch.no_grad():
        members = one.network(torch.tensor(inputs, dtype=torch.float32))
    assert_allclose(one.predict(inputs), members[..., 0].mean(dim=1), atol=1e-6)
    classifier = candidate(train.tabular_classifier).build(generator=np.random.default_rng(0))
    said = classifier.fit(inputs, (amounts > 0).astype(np.int64)).predict_proba(inputs)
    with torch.no_grad():
        members = classifier.network(torch.tensor(inputs, dtype=torch.float32)).softmax(dim=2)
    assert_allclose(said, members.mean(dim=1), atol=1e-6)


@pytest.mark.parametrize("kind", ["network_classifier", "tabular_classifier"])
def test_a_class_that_the_training_rows_lack_gets_no_probability(kind):
    features = frame(40)
    targets = np.where(features["size"] > 50, 3, 1)
    network = spec(models.MLP, widths=(8,)) if kind == "network_classifier" else spec(TabularNetwork, widths=(8,))
    more = (
        {"recipe": RECIPE.with_settings(steps=20)} if kind == "network_classifier" else {"recipe": RECIPE, "most": 20}
    )
    lesson = Lesson(spec(models.Codes), features, targets, ("a", "b", "c", "d"))
    answers = lesson.learner(spec(getattr(train, kind), model=network, **more), np.random.default_rng(0)).answers(
        features
    )
    assert answers.shape == (40, 4)
    assert np.count_nonzero(answers[:, [0, 2]]) == 0
    assert_allclose(answers.sum(axis=1), 1)
    assert np.mean(answers.argmax(axis=1) == targets) > 0.5


@pytest.mark.parametrize(("n", "steps"), [(10, 400), (1000, 625), (100_000, 1600)])
def test_steps_follow_the_rows(n, steps, monkeypatch):
    taken = []
    monkeypatch.setattr(
        "zhixing.train.tabular._Tabular._learn", lambda self, sized, recipe, *_: taken.append(recipe.settings["steps"])
    )
    kind = spec(train.tabular_regressor, model=spec(TabularNetwork), recipe=RECIPE)
    kind.build(generator=np.random.default_rng(0)).fit(np.zeros((n, 1)), np.zeros(n))
    assert taken == [steps]


@pytest.mark.parametrize("families", [for_classes, for_amounts])
def test_it_enters_the_contest_beside_the_plain_network(families):
    entered = {family.name: family for family in families()}
    assert entered["tabular"].preparation.function is models.Codes
    assert "network" in entered


# What else is measured of answers -----------------------------------------------------------------------------


@pytest.fixture(params=[2, 4])
def answered(request):
    draw = np.random.default_rng(request.param)
    targets = draw.integers(0, request.param, size=200)
    scores = draw.normal(size=(200, request.param)) + 1.5 * np.eye(request.param)[targets]
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return probabilities, targets


def test_measures_by_class_are_those_of_scikit_learn(answered):
    probabilities, targets = answered
    taken = probabilities.argmax(axis=1)
    expected = metrics.precision_recall_fscore_support(targets, taken)[:3]
    found = (evaluate.precision_by_class, evaluate.recall_by_class, evaluate.f1_by_class)
    for measure, each in zip(found, expected, strict=True):
        series = measure(probabilities, targets)
        assert series.at == tuple(range(1, probabilities.shape[1] + 1))
        assert_allclose(series.values, 100 * each)
    averaged = (evaluate.macro_precision, evaluate.macro_recall, evaluate.macro_f1)
    for measure, each in zip(averaged, expected, strict=True):
        assert_allclose(measure(probabilities, targets), 100 * each.mean())
    assert_allclose(
        evaluate.macro_recall(probabilities, targets), 100 - evaluate.balanced_error(probabilities, targets)
    )


def test_areas_are_those_of_scikit_learn(answered):
    probabilities, targets = answered
    one_hot = np.eye(probabilities.shape[1])[targets]
    expected = 100 * metrics.roc_auc_score(one_hot, probabilities, average="macro")
    assert_allclose(evaluate.roc_area_of_classes(probabilities, targets), expected)
    expected = 100 * metrics.average_precision_score(one_hot, probabilities, average="macro")
    assert_allclose(evaluate.average_precision_of_classes(probabilities, targets), expected)


def test_curves_are_those_of_scikit_learn(answered):
    probabilities, targets = answered
    recalls, precisions = [], []
    for place in range(probabilities.shape[1]):
        alarmed, found, _ = metrics.roc_curve(targets == place, probabilities[:, place], drop_intermediate=False)
        recalls.append([max(found[alarmed <= at + 1e-12]) for at in np.linspace(0, 1, 21)])
        curve = metrics.precision_recall_curve(targets == place, probabilities[:, place])
        precisions.append([curve[0][curve[1] >= at - 1e-12][-1] for at in np.linspace(0.05, 1, 20)])
    roc = evaluate.recall_of_classes(probabilities, targets)
    assert_allclose(roc.values, 100 * np.mean(recalls, axis=0))
    assert_allclose(evaluate.precision_of_classes(probabilities, targets).values, 100 * np.mean(precisions, axis=0))
    assert (roc.at[0], roc.at[-1], roc.values[-1]) == (0, 100, 100)
    assert np.isnan(evaluate.recall_of_classes(probabilities[:1], targets[:1]).values).all()


def test_a_class_that_no_row_has_is_left_out_of_averages():
    probabilities, targets = np.eye(3)[[0, 1, 1, 0]], np.array([0, 1, 1, 1])
    assert_allclose(evaluate.macro_recall(probabilities, targets), 100 * (1 + 2 / 3) / 2)
    assert_allclose(evaluate.roc_area_of_classes(probabilities, targets), 100 * (1 + 2 / 3) / 2)
    assert np.isnan(evaluate.roc_area_of_classes(probabilities[:1], targets[:1]))


def test_calibration_error_by_hand():
    probabilities = np.array([[0.9, 0.1]] * 10 + [[0.3, 0.7]] * 10)
    targets = np.array([0] * 6 + [1] * 4 + [1] * 8 + [0] * 2)
    assert_allclose(evaluate.calibration_error_of_answers(probabilities, targets), (30 + 10) / 2)


def test_intervals_reach_as_far_as_the_misses_of_the_other_half():
    draw = np.random.default_rng(0)
    for n in (2, 9, 21, 60):
        misses = np.abs(draw.normal(size=n))
        reach = halves_judged(misses)
        for row in range(n):
            others = sorted(misses[place] for place in range(n) if place % 2 != row % 2)
            wanted = int(np.ceil(0.9 * (len(others) + 1)))
            assert reach[row] == others[min(wanted, len(others)) - 1]
    answers, targets = np.zeros(60), draw.normal(size=60)
    reach = halves_judged(np.abs(targets))
    assert_allclose(evaluate.interval_coverage(answers, targets), 100 * np.mean(np.abs(targets) <= reach))
    assert_allclose(evaluate.interval_width(answers, targets), 2 * reach.mean())


def test_intervals_hold_what_they_promise_on_average():
    draw = np.random.default_rng(0)
    found = [evaluate.interval_coverage(np.zeros(100), draw.standard_t(3, size=100)) for _ in range(400)]
    assert 90 <= np.mean(found) < 92.5  # 46 of 50 misses: 46 / 51 = 90.2 %
