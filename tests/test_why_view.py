"""Why, units, attention, mistakes and doubtful labels of runs that were trained here, on data with planted causes."""

import json
import wave
from types import SimpleNamespace

import numpy as np
import pandas
import pytest
from PIL import Image

import zhixing as zx
from zhixing import comparison, draw, models
from zhixing.comparison import folders
from zhixing.core import BadSetting, Text, UnknownName
from zhixing.core.store import RunStore
from zhixing.views import CannotShow
from zhixing.views.asked import asked
from zhixing.views.rows import prepared_rows
from zhixing.views.saliency import _of_network, examples, network
from zhixing.views.scene import of_run
from zhixing.views.why import why

AT = slice(2, 6)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return RunStore(tmp_path_factory.mktemp("why"))


@pytest.fixture(scope="module")
def frame():
    """Colour and weight decide the price, the day a little; noise and legs do not."""
    generator = np.random.default_rng(0)
    rows = pandas.DataFrame(
        {
            "colour": generator.choice(["red", "green", "blue"], 240),
            "weight": generator.normal(50, 10, 240).round(1),
            "noise": generator.normal(size=240).round(3),
            "day": (pandas.Timestamp("2024-01-01") + pandas.to_timedelta(generator.integers(0, 300, 240), unit="D")),
            "legs": generator.integers(0, 9, 240),
        }
    )
    days = (rows["day"] - pandas.Timestamp("2024-01-01")).dt.days
    price = 20 * (rows["colour"] == "red") + 0.8 * rows["weight"] + 0.05 * days + generator.normal(size=240)
    return rows.assign(day=rows["day"].dt.strftime("%Y-%m-%d"), price=price.round(2))


@pytest.fixture(scope="module")
def prices(frame, store, tmp_path_factory):
    place = tmp_path_factory.mktemp("prices") / "prices.csv"
    frame.to_csv(place, index=False)
    return comparison.learn("linear", place, "price", store=store, workers=0)


@pytest.fixture(scope="module")
def stripes(tmp_path_factory):
    """Pictures of noise; a patch in one corner holds lying or standing stripes, and they are the class."""
    generator, place = np.random.default_rng(0), tmp_path_factory.mktemp("stripes")
    for number in range(120):
        picture = generator.normal(128, 20, (12, 12))
        bars = 60 * np.array([1, -1, 1, -1])
        picture[AT, AT] += bars if number % 2 else bars[:, None]
        folder = place / ("standing" if number % 2 else "lying")
        folder.mkdir(exist_ok=True)
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / f"{number:03}.png")
    return place


@pytest.fixture(scope="module")
def small():
    """Networks that learn for a moment, and have nothing to choose from."""
    patch, changed = pytest.MonkeyPatch(), folders._changed
    patch.setitem(folders.STEPS, "full", 40)
    patch.setattr("zhixing.views.units.UNITS", 3)
    patch.setitem(folders.CHANNELS, "full", 8)
    patch.setattr(folders, "_changed", lambda model, changes, *sizes: changed(model, changes[:1], *sizes))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def cnn(stripes, store, small):
    return comparison.learn("cnn", stripes, store=store, workers=0)


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """One word of each text decides."""
    generator, place = np.random.default_rng(0), tmp_path_factory.mktemp("texts")
    rest = ["the", "room", "was", "near", "a", "station", "and", "we", "had", "breakfast", "there", "every", "day"]
    for number in range(80):
        kind = "good" if number % 2 else "bad"
        words = generator.choice(rest, 10).tolist()
        words[generator.integers(10)] = {"good": "lovely", "bad": "dreadful"}[kind]
        (place / kind).mkdir(exist_ok=True)
        (place / kind / f"{number}.txt").write_text(" ".join(words))
    return place


def looked(run, store, *names, **options):
    return zx.look(run.name, views=names, store=store, **options)


def only(run, store, name, **options):
    (found,) = looked(run, store, name, **options).views
    assert found.name == name
    json.dumps(found.numbers, allow_nan=False)
    assert len({picture.drawing.id for picture in found.pictures}) == len(found.pictures)
    return found


def whole(run, store, *names, files=False):
    """The page of these views, and their files; each figure is drawn in both languages."""
    seen = looked(run, store, *names)
    page = seen.write("en").read_text("utf-8")
    for each in seen.views:
        assert each.title.zh in page
        for picture in each.pictures:
            assert picture.drawing.id in page
            assert picture.drawing.draw("zh").data
            if files:
                content = draw.printed(picture.drawing.draw("en"), "png", title=picture.title.en)
                assert content.startswith(b"\x89PNG")
    return seen


# Tables ---------------------------------------------------------------------------------------------------


def test_the_planted_columns_are_named_and_their_lines_rise(prices, store):
    found = only(prices, store, "why")
    rises = found.numbers["importance"]
    assert list(rises)[:3] == ["colour", "weight", "day"]
    assert all(rises[name]["low"] > 0 for name in ("colour", "weight", "day"))
    assert max(rises[name]["rise"] for name in ("noise", "legs")) < 0.05 * rises["day"]["rise"] + 0.5
    assert "colour, weight, day" in found.summary.en
    lines = found.numbers["dependence"]
    weight = lines["weight"]["mean"]
    assert weight == sorted(weight)
    colour = dict(zip(lines["colour"]["grid"], lines["colour"]["mean"], strict=True))
    assert colour["red"] - max(colour["green"], colour["blue"]) == pytest.approx(20, abs=2)
    assert found.numbers["rows"] == 60  # the judging quarter, and nothing that taught the run
    assert found.tables[0].rows[0][0].en == "colour"


def test_it_is_asked_about_the_rows_that_judged_it(prices, store):
    import safetensors.numpy

    judged = set(safetensors.numpy.load_file(prices.folder / "arrays.safetensors")["judged"].tolist())
    assert set(only(prices, store, "mistakes").numbers["hardest"]) <= judged


def test_other_rows_may_be_given(prices, store, frame, tmp_path):
    frame.head(40).to_csv(tmp_path / "some.csv", index=False)
    found = only(prices, store, "why", data=str(tmp_path / "some.csv"))
    assert found.numbers["rows"] == 40
    assert "the 40 rows given" in found.summary.en
    frame.head(40).drop(columns="price").to_csv(tmp_path / "blind.csv", index=False)
    with pytest.raises(BadSetting, match="no targets"):
        looked(prices, store, "why", data=str(tmp_path / "blind.csv"))


def test_mistakes_of_amounts(prices, store):
    found = only(prices, store, "mistakes")
    assert "half are off by less than" in found.summary.en
    assert [picture.drawing.id for picture in found.pictures] == ["against"]
    misses = [float(row[3].en) for row in found.tables[0].rows]
    assert misses == sorted(misses, reverse=True)


def test_pages_and_files_of_tables(prices, store):
    whole(prices, store, "why", "mistakes", files=True)


@pytest.mark.parametrize("name", ["units", "attention", "labels"])
def test_what_a_table_of_amounts_has_not(prices, store, name):
    with pytest.raises(BadSetting) as error:
        looked(prices, store, name)
    assert "\n" not in error.value.message.en


def test_planted_label_errors_come_first(frame, store, tmp_path):
    generator = np.random.default_rng(1)
    truth = np.where(frame["price"] > frame["price"].median(), "dear", "cheap")
    clear = np.flatnonzero(np.abs(frame["price"] - frame["price"].median()) > 8)
    planted = generator.choice(clear, 7, replace=False)
    kinds = truth.copy()
    kinds[planted] = np.where(truth[planted] == "dear", "cheap", "dear")
    frame.drop(columns="price").assign(kind=kinds).to_csv(tmp_path / "kinds.csv", index=False)
    run = comparison.learn("linear", tmp_path / "kinds.csv", "kind", store=store, workers=0)
    found = only(run, store, "labels")
    assert "fitted anew 5 times" in found.summary.en
    suspects = [each["row"] for each in found.numbers["suspects"][:12]]  # a twentieth of the rows
    assert np.isin(planted, suspects).sum() >= 6
    assert found.tables[0].rows[0][0].en == str(suspects[0] + 1)
    wrong = only(run, store, "mistakes")
    counts = np.array(wrong.numbers["confusion"])
    assert counts.sum() == 60
    assert wrong.tables[0].rows[0][2].en == str(max(counts[0, 1], counts[1, 0]))
    whole(run, store, "mistakes", "why")
    card = json.loads((run.folder / "card.json").read_text())
    (run.folder / "card.json").write_text(json.dumps({k: v for k, v in card.items() if k != "candidate"}))
    old = only(comparison.find(run.name, store), store, "labels")
    assert "before runs kept their choice" in old.summary.en
    assert old.numbers["rows"] == 60


# Pictures and sounds --------------------------------------------------------------------------------------


def test_the_heat_of_a_network_lies_in_the_planted_patch(cnn, store):
    scene = of_run(cnn, None, store=store)
    seen = asked(scene)
    rows = examples(seen)
    module = network(seen)
    heats, names = _of_network(module, scene, seen, rows, seen.answers[rows].argmax(axis=1))
    assert [name.en for name in names] == ["gradient", "SmoothGrad", "integrated gradients", "occlusion"]
    for heat, name in zip(heats, names, strict=True):
        sizes = np.abs(heat).mean(axis=0)
        outside = sizes.copy()
        outside[AT, AT] = np.nan
        assert sizes[AT, AT].mean() > 2 * np.nanmean(outside), name.en


def test_the_units_of_a_network(cnn, store):
    found = whole(cnn, store, "units").views[0]
    assert [picture.drawing.id for picture in found.pictures] == ["filters", "maps", "exciting"]
    assert found.numbers["layers"][0] == "stem.0"
    assert found.numbers["layer"] == "head"
    one = only(cnn, store, "units", layer="blocks.0.residual.0")
    assert one.numbers["layer"] == "blocks.0.residual.0"
    with pytest.raises(UnknownName, match="did you mean 'head'"):
        looked(cnn, store, "units", layer="haed")


def test_pages_and_files_of_pictures(cnn, store):
    seen = whole(cnn, store, "why", "mistakes", files=True)
    assert not seen.refused


def test_any_model_of_pictures_is_asked_by_covering(stripes, store):
    run = comparison.learn("linear", stripes, store=store, workers=0)
    found = only(run, store, "why")
    assert found.numbers["methods"] == ["occlusion"]
    with pytest.raises(BadSetting, match="this run is none"):
        looked(run, store, "units")


def test_sounds_are_seen_as_spectrograms(store, small, tmp_path):
    generator, time = np.random.default_rng(0), np.arange(2_000) / 4_000
    for number in range(40):
        kind = "high" if number % 2 else "low"
        (tmp_path / kind).mkdir(exist_ok=True)
        sound = np.sin(2 * np.pi * (1_200 if number % 2 else 300) * time) + 0.3 * generator.normal(size=2_000)
        with wave.open(str(tmp_path / kind / f"{number}.wav"), "wb") as file:
            file.setparams((1, 2, 4_000, 0, "NONE", ""))
            file.writeframes((8_000 * sound).astype("<i2").tobytes())
    heard = comparison.learn("cnn", tmp_path, store=store, workers=0)
    assert len(only(heard, store, "why").numbers["methods"]) == 4
    linear = comparison.learn("linear", tmp_path, store=store, workers=0)
    assert only(linear, store, "why").numbers["methods"] == ["silenced"]


# Texts ----------------------------------------------------------------------------------------------------


def test_the_word_that_decides_is_named(texts, store):
    run = comparison.learn("counts", texts, store=store, workers=0)
    found = only(run, store, "why")
    assert {row[0].en for row in found.tables[0].rows[:2]} == {"lovely", "dreadful"}
    for text in found.numbers["texts"]:
        strongest = max(text["words"], key=lambda each: each[1])
        assert strongest[0] == {"good": "lovely", "bad": "dreadful"}[text["answer"]]
    whole(run, store, "why", "labels")
    with pytest.raises(BadSetting, match="no part of this run attends"):
        looked(run, store, "attention")


@pytest.mark.skipif(not models.has_sentence_vectors(), reason="the extra [text] is not installed")
def test_attention_of_sentences(texts, store):
    run = comparison.learn("sentences", texts, store=store, workers=0)
    found = only(run, store, "attention")
    assert found.numbers["layers"] == [1, 4, 6]
    assert found.numbers["tokens"][0] == "[CLS]"
    assert only(run, store, "attention", layer="2").numbers["layers"] == [2]
    with pytest.raises(BadSetting, match="from 1 to 6; got '7'"):
        looked(run, store, "attention", layer="7")
    whole(run, store, "attention", files=True)


@pytest.mark.skipif(not models.has_sentence_vectors(), reason="the extra [text] is not installed")
def test_a_run_that_reads_text_as_vectors_is_mapped_by_them(store, tmp_path):
    said = ["a good and sturdy lamp", "it broke after one day", "the parcel came late again", "my dog loves this toy"]
    rows = [f"{said[place % 4]} number {place}" for place in range(48)]
    frame = pandas.DataFrame({"said": rows, "stars": np.arange(48) % 5, "praise": np.arange(48) % 4 == 0})
    frame.to_csv(tmp_path / "said.csv", index=False)
    widths = {}
    for family in ("sentences", "counts"):
        run = comparison.learn(family, tmp_path / "said.csv", "praise", store=store, workers=0)
        scene = of_run(run, None, store=store)
        widths[family] = prepared_rows(scene)
    assert widths["sentences"].rows.shape == (48, 385)
    np.testing.assert_allclose((widths["sentences"].rows[:, :384] ** 2).sum(axis=1), 384, rtol=1e-4)
    assert "knows English" in widths["sentences"].notes[0].en
    assert isinstance(widths["counts"].preparation, models.Preparation)


# What cannot be shown -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["why", "units", "attention", "mistakes", "labels"])
def test_data_alone_have_no_reasons(frame, tmp_path, name):
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(BadSetting, match="of a run; data alone have none"):
        zx.look(tmp_path / "t.csv", views=[name], target="price")


@pytest.mark.parametrize("kind", ["unlabelled", "tags", "ratings"])
def test_runs_that_foretell_nothing_of_rows_say_so(kind):
    scene = SimpleNamespace(run=SimpleNamespace(card={"kind": kind}))
    with pytest.raises(CannotShow, match="nothing to show"):
        why(scene)


def test_a_run_of_several_labels(store, tmp_path):
    generator = np.random.default_rng(0)
    rows = pandas.DataFrame(generator.normal(size=(160, 3)).round(3), columns=["a", "b", "c"])
    rows["tags"] = [
        ";".join(name for name, there in (("up", a > 0), ("wide", b > 0)) if there) or "none"
        for a, b in zip(rows["a"], rows["b"], strict=True)
    ]
    rows.to_csv(tmp_path / "tags.csv", index=False)
    run = comparison.learn("linear", tmp_path / "tags.csv", "tags", store=store, workers=0, task="labels")
    assert set(list(only(run, store, "why").numbers["importance"])[:2]) == {"a", "b"}
    for name in ("mistakes", "labels"):
        with pytest.raises(BadSetting):
            looked(run, store, name)


def test_data_that_changed_since_cannot_judge_but_have_a_map(frame, store, tmp_path):
    place = tmp_path / "prices.csv"
    frame.to_csv(place, index=False)
    run = comparison.learn("linear", place, "price", store=store, workers=0)
    frame[:-1].to_csv(place, index=False)
    found = zx.look(run.name, views=("covariance", "why", "mistakes"), store=store)
    assert [view.name for view in found.views] == ["covariance"]
    assert "have changed since" in found.refused["why"].en
    assert found.refused["why"] == found.refused["mistakes"]


# Figures --------------------------------------------------------------------------------------------------


def test_colours_of_heat_and_of_pictures():
    heat = np.array([[0.0, 1.0], [-1.0, 0.5]])
    colours = draw.coloured(heat)
    assert colours[0, 0].tolist() == [255, 255, 255]
    assert colours[0, 1].tolist() == [213, 94, 0]
    assert colours[1, 0].tolist() == [0, 114, 178]
    assert (draw.coloured(np.zeros((3, 3))) == 255).all()
    grey = draw.grey(np.array([[[0.0, 2.0], [1.0, 2.0]]]))
    assert grey[..., 0].tolist() == [[0, 255], [128, 255]]
    assert (grey[..., 0] == grey[..., 2]).all()
    assert draw.grey(np.stack([np.zeros((2, 2)), np.ones((2, 2)), np.zeros((2, 2))]))[0, 0].tolist() == [0, 255, 0]


def test_a_mosaic_holds_each_tile_at_its_place():
    import base64
    import io

    tiles = [[np.full((4, 4, 3), shade, dtype=np.uint8) for shade in row] for row in ((10, 20), (30,))]
    figure = draw.mosaic(tiles, rows=[Text("a", "甲"), Text("b", "乙")], columns=[Text("x", "子")], language="zh")
    content = base64.b64decode(figure.data[0].source.partition(",")[2])
    canvas = np.asarray(Image.open(io.BytesIO(content)))
    assert canvas[5, 5, 0] == 10
    assert canvas[5, -5, 0] == 20
    assert canvas[-20, 5, 0] == 30
    assert canvas[-20, -5, 0] == 255
    assert {note.text for note in figure.layout.annotations} == {"甲", "乙", "子"}


def test_names_cannot_carry_markup():
    bars = draw.bars([draw.Bar("<b>x</b>", 1.0, 0.5, 1.5)], title=Text("t", "题"), language="en")
    response = draw.Response("<i>y</i>", ["<u>"], np.zeros((2, 1)), words=True)
    for figure in (
        bars,
        draw.responses([response], y=Text("y", "值"), language="en"),
        draw.taken(np.eye(2, dtype=int), ["<s>a", "b"], language="en"),
        draw.words([[("<em>", 1.0)]], names=[Text("<q>", "<q>")], language="en"),
        draw.attended(np.eye(2), ["<s>a", "b"], language="en"),
    ):
        told = figure.to_json()
        assert not any(mark in told for mark in ("<b>", "<i>", "<u>", "<s>", "<em>", "<q>"))


def test_the_confusion_counts_what_it_draws():
    figure = draw.taken(np.array([[3, 1], [0, 2]]), ["a", "b"], language="en")
    assert figure.data[0].z[0][1] == pytest.approx(0.25)
    assert figure.data[0].z[0][0] is None
    assert {note.text for note in figure.layout.annotations} == {"3", "1", "2"}
