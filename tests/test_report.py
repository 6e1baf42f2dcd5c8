"""The report and its figures without a browser: what is in the file, in both languages, for every kind of answer."""

import dataclasses
import inspect
import itertools
import json
import math
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from statistics import median, quantiles

import numpy as np
import pytest

from answers import HOSTILE, SEEDS, hostile, make_answer, make_rows
from zhixing import draw
from zhixing.core import Series, Text
from zhixing.draw.curves import grow_by_factors
from zhixing.draw.style import axis, folded
from zhixing.study import Explanation, report
from zhixing.study.answer import Answer
from zhixing.study.report import main_figure, write_report

NAN, INF = math.nan, math.inf


def written(answer: Answer, **options) -> str:
    return write_report(answer, options.get("rows", make_rows(answer)), options.get("language", "en")).read_text(
        "utf-8"
    )


def refuse(constant: str):
    raise AssertionError(f"{constant} is not JSON")


def data_of(page: str) -> dict:
    text = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1]
    return json.loads(text, parse_constant=refuse)


def body_of(page: str) -> str:
    """What a reader sees: the page without scripts and styles."""
    return re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)


def numbers_in(tree) -> list[float]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        return [number for item in tree for number in numbers_in(item)]
    return [tree] if isinstance(tree, int | float) and not isinstance(tree, bool) else []


class Outline(HTMLParser):
    """Collects headings, the languages of text in order, ids, and attributes that load something."""

    def __init__(self, page: str):
        super().__init__()
        self.headings, self.halves, self.labels, self.loads, self.scripts = [], [], [], [], 0
        self.open: list[list] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in ("span", "div") and "lang" in given:
            self.open.append([tag, given["lang"], "", 0])
        elif self.open and self.open[-1][0] == tag:
            self.open[-1][3] += 1
        if "data-en" in given:
            self.labels.append((given["data-en"], given["data-zh"], given["aria-label"]))
        self.loads += [
            f"{tag} {name}" for name in given if name in ("src", "href", "srcset", "action", "onclick", "onerror")
        ]
        self.scripts += tag == "script"

    def handle_data(self, data):
        if self.open:
            self.open[-1][2] += data

    def handle_endtag(self, tag):
        if self.open and self.open[-1][0] == tag:
            if self.open[-1][3]:
                self.open[-1][3] -= 1
            else:
                _, language, text, _ = self.open.pop()
                self.halves.append((language, text))


VARIANTS = {
    "plain": {},
    "failed": {"failed": True, "band": "outside", "verdict": "refuted"},
    "undecided": {"failed": True, "band": None, "verdict": "undecided"},
}


@pytest.fixture(params=VARIANTS)
def answer(request, tmp_path) -> Answer:
    return make_answer(tmp_path, **VARIANTS[request.param])


def test_report_is_one_small_file(tmp_path):
    from plotly.offline import get_plotlyjs

    answer = make_answer(tmp_path)
    path = write_report(answer, make_rows(answer, steps=20_000), "en")
    page = path.read_text("utf-8")
    assert path == answer.report
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]
    assert page.count(get_plotlyjs()) == 1
    assert len(page.encode()) - len(get_plotlyjs().encode()) < 200_000
    assert Outline(page).loads == []


def test_report_that_cannot_be_drawn_leaves_the_old_one(tmp_path, monkeypatch):
    answer = make_answer(tmp_path)
    answer.report.write_text("old")
    monkeypatch.setattr(report, "main_drawing", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_report(answer, {}, "en")
    assert answer.report.read_text() == "old"


def test_same_answer_same_bytes(answer):
    assert written(answer) == written(answer)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_page_opens_in_the_language_asked_for(tmp_path, language):
    answer = make_answer(tmp_path)
    page = written(answer, language=language)
    assert f'<html lang="{language}">' in page
    assert f"<title>{answer.question[language]}</title>" in page
    assert all(shown == (zh if language == "zh" else en) for en, zh, shown in Outline(page).labels)


def test_every_text_has_its_other_half(answer):
    page = written(answer)
    outline = Outline(page)
    languages = [language for language, _ in outline.halves]
    assert len(languages) > 100
    assert languages == ["en", "zh"] * (len(languages) // 2)
    assert all(text.strip() for _, text in outline.halves)
    assert all(en and zh for en, zh, _ in outline.labels)
    for en, zh in zip(outline.halves[::2], outline.halves[1::2], strict=True):
        assert en == ("en", zh[1]) or not re.search("[一-鿿]", en[1]), en


def test_no_visible_text_is_in_one_language_only(tmp_path):
    halves = re.compile(r'<(span|div|pre)( class="formula")? lang="(en|zh)">.*?</\1>', flags=re.DOTALL)
    visible = halves.sub("", body_of(written(make_answer(tmp_path))))
    left = " ".join(re.sub("<[^>]*>", " ", visible).split())
    words = set(re.findall("[A-Za-z]{3,}|[一-鿿]+", left))
    free = "He arXiv Fig zhixing train supervised model resnet cifar depth shortcut False True data digits steps ask scale "
    free += "exercise quick AMD EPYC Linux Python cpu Zhixing 知行 UTC English 中文 torch Does lower the error layer network nats"
    assert words <= set(free.split()) | set(re.findall("[a-f]{3,}", left)), words - set(free.split())


def test_headings_are_in_order(answer):
    levels = Outline(written(answer)).headings
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_verdict_claims_and_seeds_are_in_the_page(answer):
    page = written(answer)
    body, data = body_of(page), data_of(page)
    assert answer.sentence.en in body
    assert answer.sentence.zh in body
    for place, claim in enumerate(answer.claims):
        drawn = numbers_in(data["figures"][f"claim-{place}"]["data"])
        wanted = [v for v in (*claim.values, claim.estimate, claim.low, claim.high) if math.isfinite(v)]
        assert set(wanted) <= set(drawn)
        assert claim.text.zh in body
        assert draw.number(claim.estimate).en in body
        assert draw.interval(claim.low, claim.high).zh in body
        assert draw.interval(*claim.region).en in body
    drawn = numbers_in(data["figures"]["main"]["data"])
    errors = [trial.measures["test_error"] for trial in answer.trials if trial.measures]
    assert set(errors) <= set(drawn)
    assert all(draw.number(error).en in body for error in errors)


def test_mechanism_and_learning_hold_every_seed(tmp_path):
    answer = make_answer(tmp_path)
    figures = data_of(written(answer))["figures"]
    drawn = set(numbers_in(figures["mechanism-2"]["data"]))
    for trial in answer.trials:
        series = trial.measures["gradient_norm_by_layer"]
        assert set(series.values) <= drawn
    thin = [trace for trace in figures["learning"]["data"] if trace.get("line", {}).get("width") == 1]
    assert [trace["y"].count(None) for trace in thin] == [len(SEEDS)] * len(answer.arms)


def test_failed_trial_is_visible_everywhere(tmp_path):
    answer = make_answer(tmp_path, failed=True)
    page = written(answer)
    figures, body = data_of(page)["figures"], body_of(page)

    def crosses(name):
        traces = figures[name]["data"]
        return sum(len(t["x"]) for t in traces if t.get("marker", {}).get("symbol") == "x-thin")

    assert {name: crosses(name) for name in ("main", "claim-0", "claim-1", "learning")} == {
        "main": 1, "claim-0": 1, "claim-1": 0, "learning": 1,
    }  # fmt: skip
    names = [trace.get("name") for trace in figures["mechanism-2"]["data"]]
    assert {"en": "plain-56 (1 failed)", "zh": "普通-56（1 次失败）"} in names
    for text in (
        "27 trials finished, 1 failed",
        "失败 1 次",
        "6 of 7",
        "the loss became NaN at step 500",
        "(1 failed)",
    ):
        assert text in body


def test_traceback_is_folded_away(tmp_path):
    answer = make_answer(tmp_path, failed=True)
    error = "Traceback (most recent call last):\n  File 'walk.py', line 3\nValueError: a banana\n"
    trials = tuple(dataclasses.replace(t, error=error if t.status == "failed" else None) for t in answer.trials)
    body = body_of(written(dataclasses.replace(answer, trials=trials)))
    assert re.search(r"<li>[^T]*ValueError: a banana\s*<details><summary>", body)
    assert "<pre><code>Traceback (most recent call last):\n  File &#39;walk.py&#39;, line 3\nValueError" in body
    silent = tuple(dataclasses.replace(t, error=None) for t in answer.trials)
    assert "没有留下说明" in body_of(written(dataclasses.replace(answer, trials=silent)))


def test_nothing_but_json_numbers_whatever_was_measured(tmp_path):
    answer = make_answer(tmp_path)
    values = [NAN, INF, -INF, 1e300, -1e-300, 0.0, 5.0]
    trials = [
        dataclasses.replace(trial, measures={**trial.measures, "test_error": values[trial.seed]}, seconds=0.0)
        for trial in answer.trials
    ]
    broken = Series("layer", (1.0, 2.0), (NAN, INF))
    trials[0] = dataclasses.replace(trials[0], measures={"gradient_norm_by_layer": broken})
    claims = [
        dataclasses.replace(answer.claims[0], values=tuple(values), estimate=NAN, low=NAN, high=NAN),
        dataclasses.replace(answer.claims[0], values=(), estimate=NAN, low=-INF, high=INF, region=(-INF, INF)),
        dataclasses.replace(answer.claims[0], values=(1.0,), estimate=1.0, low=1.0, high=1.0, region=(1.0, 1.0)),
    ]
    rows = make_rows(answer)
    for digest in list(rows)[:5]:
        rows[digest]["loss"][3:] = [NAN, INF, None] * 20
    page = written(dataclasses.replace(answer, trials=tuple(trials), claims=tuple(claims)), rows=rows)
    figures = data_of(page)["figures"]
    assert "claim-0" in figures
    assert "claim-1" not in figures
    assert "no value" in body_of(page)
    assert "nan" not in body_of(page).lower().replace("zhixing", "")


def test_sections_without_content_are_left_out(tmp_path):
    answer = make_answer(tmp_path, band=None)
    nothing = Text("", "")
    bare = dataclasses.replace(
        answer, notes=(), next=(), claims=(), machine={}, explanation=Explanation(*[nothing] * 4), exercises=(),
        trials=tuple(dataclasses.replace(trial, measures={}) for trial in answer.trials),
        measures=answer.measures[2:],
    )  # fmt: skip
    full, body = body_of(written(answer, rows={})), body_of(written(bare, rows={}))
    gone = (
        "What to try next",
        "Assumptions",
        "What was claimed",
        "The machine",
        "Background",
        "The mechanism",
        "seed by seed",
    )
    assert [text in full for text in gone] == [True] * len(gone)
    assert [text in body for text in gone] == [False] * len(gone)
    for page in (full, body):
        assert "How the loss fell" not in page
        assert "No band has been measured" in page
        assert "Likely causes" not in page
        assert "cross" not in page


def test_band_says_where_and_why(tmp_path):
    inside = body_of(written(make_answer(tmp_path)))
    outside = body_of(written(make_answer(tmp_path, band="outside")))
    assert "lies inside the band of 30 reference seeds" in inside
    assert "Likely causes" not in inside
    assert "落在 30 个参考种子的范围之外" in outside
    assert "another version of torch" in outside
    assert "6.97 % at 110 layers" in outside


def test_undecided_says_how_many_more(tmp_path):
    body = body_of(written(make_answer(tmp_path, verdict="undecided")))
    assert "about 12" in body
    assert "more than can be afforded" in body
    assert "unbounded on both sides" in body
    assert "两端均不设界" in body


def test_hostile_text_is_inert_in_the_file(tmp_path):
    answer = hostile(make_answer(tmp_path))
    page = written(answer)
    outline = Outline(page)
    assert outline.scripts == 3
    assert page.count("</script") == 3
    assert outline.loads == []
    assert "<img" not in body_of(page)
    assert "{{ 7*7 }}" in page
    assert data_of(page)["title"] == HOSTILE
    nonce = re.search("nonce-([0-9a-f]{64})", page)[1]
    assert page.count(nonce) == 3


def test_main_figure_speaks_the_language(tmp_path):
    answer = make_answer(tmp_path)
    assert main_figure(answer, "en").layout.xaxis.title.text == "test error (%, lower is better)"
    assert main_figure(answer, "zh").layout.xaxis.title.text == "测试错误率（%，越低越好）"
    assert answer.figure("zh") == main_figure(answer, "zh")


def test_main_figure_falls_back_on_the_series(tmp_path):
    answer = make_answer(tmp_path)
    series = dataclasses.replace(answer, measures=answer.measures[2:])
    assert main_figure(series, "en").layout.yaxis.title.text == "gradient norm"
    page = written(series)
    assert page.count('id="mechanism-0"') == 1
    with pytest.raises(ValueError, match="shortcut-depth: no trial of this answer gave a measure"):
        main_figure(dataclasses.replace(answer, measures=()), "en")


def test_arm_that_does_not_give_a_measure_has_not_failed_it(tmp_path):
    answer = make_answer(tmp_path)
    trials = tuple(dataclasses.replace(t, measures={}) if t.arm == "plain-20" else t for t in answer.trials)
    rows = {trial.digest: make_rows(answer)[trial.digest] for trial in trials if trial.arm != "plain-20"}
    page = written(dataclasses.replace(answer, trials=trials), rows=rows)
    assert '"failed"' not in re.search('id="data">(.*?)</script>', page)[1]
    assert "1 failed" not in page
    assert "7 failed" not in page


def test_table_of_arms_holds_median_mean_and_spread(tmp_path):
    answer = make_answer(tmp_path, failed=True)
    body = re.sub(r"\s*<span lang=.zh.>.*?</span>|<[^>]*>", " ", body_of(written(answer)))
    for arm in answer.arms:
        errors = np.array([t.measures["test_error"] for t in answer.trials if t.arm == arm.name and t.measures])
        losses = np.array([t.measures["train_loss"] for t in answer.trials if t.arm == arm.name and t.measures])
        numbers = np.median(errors), errors.mean(), errors.std(ddof=1), np.median(losses)
        cells = [f"{number:.3g}" for number in numbers]
        assert re.search(r"\s+".join(map(re.escape, [arm.name, *cells, f"{len(errors)} of 7"])), body), arm.name


def test_plotly_waits_for_the_first_figure():
    code = "import sys, zhixing.study.report; from zhixing import draw; draw.number(1.0), draw.dots; "
    code += "print('plotly' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


@pytest.mark.parametrize(
    ("value", "en"),
    [
        (0, "0"), (1.0, "1"), (0.5, "0.5"), (12.345, "12.3"), (-0.01234, "−0.0123"), (999.4, "999"), (999.6, "1,000"),
        (60_000, "60,000"), (123_456.7, "123,457"), (1.2e-7, "1.2×10⁻⁷"), (1e-12, "10⁻¹²"), (-1e6, "−10⁶"),
        (4.5e12, "4.5×10¹²"), (NAN, "no value"), (INF, "unbounded"),
    ],
)  # fmt: skip
def test_numbers(value, en):
    assert draw.number(value).en == en


@pytest.mark.parametrize(
    ("seconds", "en", "zh"),
    [
        (0, "0 s", "0 秒"), (0.00042, "0.42 ms", "0.42 毫秒"), (0.32, "320 ms", "320 毫秒"), (0.9999, "1 s", "1 秒"),
        (12.34, "12.3 s", "12.3 秒"), (59.97, "1 min", "1 分钟"), (72.4, "1 min 12 s", "1 分 12 秒"),
        (3599.7, "1 h", "1 小时"), (7500, "2 h 5 min", "2 小时 5 分"), (86399, "1 d", "1 天"),
        (4 * 86400 + 3600, "4 d 1 h", "4 天 1 小时"), (INF, "unbounded", "不设界"),
    ],
)  # fmt: skip
def test_durations(seconds, en, zh):
    assert draw.duration(seconds) == Text(en, zh)


@pytest.mark.parametrize(
    ("count", "en"), [(0, "0 B"), (999, "999 B"), (412_000_000, "412 MB"), (999_600, "1 MB"), (8 * 10**15, "8,000 TB")]
)
def test_sizes(count, en):
    assert draw.size(count).en == en


@pytest.mark.parametrize(
    ("low", "high", "en", "zh"),
    [
        (1.2, 5.6, "1.2 to 5.6", "1.2 至 5.6"),
        (1, INF, "1 or more, unbounded", "不小于 1，不设界"),
        (-INF, -2, "−2 or less, unbounded", "不大于 −2，不设界"),
        (-INF, INF, "unbounded on both sides", "两端均不设界"),
        (NAN, 1, "no value", "无数值"),
    ],
)
def test_intervals(low, high, en, zh):
    assert draw.interval(low, high) == Text(en, zh)


def named(*names: str) -> list[Text]:
    return [Text(name, name) for name in names]


def test_dots_pair_seeds_and_leave_gaps():
    a, b, c = named("a", "b", "c")
    groups = [(a, {0: 1.0, 1: 2.0}), (b, {0: NAN, 1: 3.0}), (c, {1: 4.0})]
    figure = draw.dots(groups, title=a, language="en")
    assert list(figure.data[0].x) == [1.0, None, None, None, 2.0, 3.0, 4.0, None]
    assert figure.layout.yaxis.ticktext == ("a", "b<br>1 failed", "c")
    assert figure.layout.xaxis2.ticktext == ("failed",)
    assert "xaxis2" not in draw.dots(groups[2:], title=a, language="zh").to_plotly_json()["layout"]


def test_dots_show_the_median_and_the_middle_half():
    values = {seed: float(value) for seed, value in enumerate([1, 2, 3, 5, 20])}
    figure = draw.dots([(Text("a", "a"), values)], title=Text("x", "x"), language="en")
    low, _, high = quantiles(values.values(), n=4, method="inclusive")
    box, bar = figure.data[1], figure.data[2]
    assert (min(box.x), max(box.x)) == (low, high)
    assert set(bar.x) == {median(values.values())}


@pytest.mark.parametrize(("least", "kind"), [(0.1, "log"), (0.0, None), (-1.0, None)])
def test_dots_are_logarithmic_only_above_zero(least, kind):
    a = Text("a", "a")
    figure = draw.dots([(a, {0: least, 1: 100.0})], title=a, log=True, language="en")
    assert figure.layout.xaxis.type == kind


def test_claim_marks_what_is_unbounded_with_an_arrow():
    figure = draw.claim(
        {0: 1.0, 1: 3.0}, estimate=2.0, ends=(-INF, 3.0), region=(0.5, INF), unit=Text("%", "%"), language="en"
    )
    whisker = figure.data[0]
    assert whisker.marker.symbol == ("triangle-left", "diamond", "line-ns")
    shade, edge = figure.layout.shapes
    assert (shade.x0, shade.x1) == (0.5, figure.layout.xaxis.range[1])
    assert edge.x0 == edge.x1 == 0.5
    assert figure.layout.annotations[0].text == "claimed ≥ 0.5"


def test_claim_keeps_its_seeds_apart_when_the_interval_is_huge():
    seeds = {0: 10.0, 1: 30.0}
    figure = draw.claim(seeds, estimate=20.0, ends=(-100.0, 40.0), region=(5.0, INF), unit=Text("", ""), language="en")
    low, high = figure.layout.xaxis.range
    assert -20 < low < 5 < 40 < high < 60
    assert figure.data[0].marker.symbol == ("triangle-left", "diamond", "line-ns")
    assert list(figure.data[0].x) == [low, 20.0, 40.0]


def test_few_places_are_named_on_the_axis():
    few = [(Text("a", "a"), [([1.0, 2.0, 1000.0], [1.0, 2.0, 3.0])])]
    figure = draw.curves(few, x=Text("lag", "间隔"), y=Text("y", "y"), language="en")
    assert figure.layout.xaxis.ticktext == ("1", "2", "1,000")


def test_claim_of_equivalence_is_shaded_between():
    figure = draw.claim(
        {0: 0.1}, estimate=0.1, ends=(-0.2, 0.3), region=(-1.0, 1.0), unit=Text("%", "%"), language="zh"
    )
    assert (figure.layout.shapes[0].x0, figure.layout.shapes[0].x1) == (-1.0, 1.0)
    assert [annotation.text for annotation in figure.layout.annotations] == ["论断：−1 至 1"]


def test_median_needs_half_of_all_lines():
    lines = [([1, 2, 3], [1.0, 2.0, 3.0]), ([1, 2, 3], [3.0, 4.0, NAN]), ([1], [NAN]), ([], [])]
    figure = draw.curves([(Text("a", "a"), lines)], x=Text("x", "x"), y=Text("y", "y"), language="en")
    thin, bold, crosses = figure.data
    assert list(bold.x) == [1, 2]
    assert list(bold.y) == [2.0, 3.0]
    assert bold.name == "a (3 failed)"
    assert list(thin.y) == [1.0, 2.0, 3.0, None, 3.0, 4.0, None, None, None, None, None]
    assert list(zip(crosses.x, crosses.y, strict=True)) == [(2, 4.0)]


def test_arm_keeps_its_colour_where_another_has_no_lines():
    both = [(Text("a", "a"), []), (Text("b", "b"), [([1, 2], [1.0, 2.0])])]
    alone = draw.curves(both, x=Text("x", "x"), y=Text("y", "y"), language="en")
    paired = draw.dots([(name, {0: 1.0}) for name, _ in both], title=Text("x", "x"), language="en")
    assert alone.data[1].line.color == paired.data[5].line.color == "#D55E00"


def test_zeros_lie_at_the_foot_of_a_logarithmic_axis():
    lines = [([1, 2, 3], [0.0, 1e-6, 1.0])]
    y = draw.curves([(Text("a", "a"), lines)], x=Text("x", "x"), y=Text("y", "y"), log_y=True, language="en")
    foot = y.data[1].y[0]
    assert 0 < foot < 1e-6
    assert y.layout.yaxis.ticktext[0] == "0"
    assert y.layout.yaxis.tickvals[0] == foot
    below = [([1, 2], [-1.0, 1.0])]
    linear = draw.curves([(Text("a", "a"), below)], x=Text("x", "x"), y=Text("y", "y"), log_y=True, language="en")
    assert linear.layout.yaxis.type is None


def test_thinning_keeps_the_mean():
    xs = [float(i) for i in range(1000)]
    thin_x, thin_y = draw.thinned((xs, [3.0 * x for x in xs]), points=100)
    assert len(thin_x) == 100
    assert thin_y == pytest.approx([3 * x for x in thin_x], rel=1e-4)
    assert draw.thinned((xs[:5], xs[:5]), points=5) == (xs[:5], xs[:5])


@pytest.mark.parametrize(
    ("values", "factors"),
    [
        ([1, 2, 4, 8, 16, 32, 64], True),
        (list(range(1, 1000)), False),
        ([0, 10, 1000], False),
        ([], False),
        ([3, 5], False),
    ],
)
def test_places_that_grow_by_factors(values, factors):
    assert grow_by_factors(values) is factors


@pytest.mark.parametrize(("low", "high", "count"), [(0.13, 2.3, 4), (1e-3, 1.0, 4), (1e-30, 1.0, 7), (0.9, 1.1, 1)])
def test_log_axes_have_a_few_ticks_in_their_span(low, high, count):
    ticks = axis("", (low, high), log=True)["tickvals"]
    assert len(ticks) == count
    assert all(low <= tick <= high for tick in ticks)


@pytest.mark.parametrize(
    ("text", "width", "lines", "rows"),
    [
        ("residual-56", 16, 3, "residual-56"),
        ("a transformer with rotary positions", 16, 3, "a transformer<br>with rotary<br>positions"),
        ("a transformer with rotary positions", 16, 2, "a transformer<br>with rotary…"),
        ("带有旋转位置编码的变换器", 16, 3, "带有旋转位置编码<br>的变换器"),
        ("第 0 种带有旋转位置编码", 16, 1, "第 0 种带有旋转…"),
        ("x" * 30, 16, 3, "x" * 14 + "<br>" + "x" * 16),
        ("a < b & c", 16, 1, "a &lt; b &amp; c"),
        ("", 16, 1, ""),
    ],
)
def test_labels_fold(text, width, lines, rows):
    assert folded(text, width, lines) == rows


def test_labels_carry_no_markup():
    name = Text("<b>x</b> & <a href='https://example.com'>y</a>", "<b>甲</b>")
    figure = draw.curves([(name, [([1, 2], [1.0, 2.0])])], x=name, y=name, language="en")
    texts = [figure.layout.xaxis.title.text, figure.layout.yaxis.title.text, figure.data[1].name, figure.data[1].meta]
    texts += draw.dots([(name, {0: 1.0})], title=name, language="zh").layout.yaxis.ticktext
    assert all("<" not in text.replace("<br>", "") for text in texts)


def test_paths_in_the_wheel():
    folders = {
        "report.html.j2": report,
        **dict.fromkeys(("page.html.j2", "words.html.j2", "page.css", "page.js"), draw.page),
    }
    assert all(Path(inspect.getfile(holder)).with_name(name).exists() for name, holder in folders.items())
