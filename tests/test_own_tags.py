"""The user's own tagged sentences: every form of a CoNLL file comes back, every bad one with one clear line; measures."""

import gzip

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from zhixing import comparison, data, evaluate
from zhixing.comparison.families import CHOICES
from zhixing.comparison.tags import for_tags
from zhixing.core import BadData, BadSetting
from zhixing.core.store import RunStore
from zhixing.data.own.tags import TagSequences, scheme_of
from zhixing.web import service

NAMES = [("Wang", "B-PER"), ("Fang", "I-PER"), ("lives", "O"), ("in", "O"), ("Xi'an", "B-LOC")]


def names(n=8):
    """So many sentences that differ, each as tokens with tags."""
    return [[*NAMES, (f"{place}", "O")] for place in range(n)]


def written(sentences, separator="\t"):
    return "".join("".join(f"{separator.join(row)}\n" for row in sentence) + "\n" for sentence in sentences)


def read(folder, text, name="names.conll", **settings):
    place = folder / name
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return data.own_tags(path=str(place), **settings)


def rows(own):
    tags = [[own.classes[tag] for tag in each] for each in own.targets]
    return [list(zip(*pair, strict=True)) for pair in zip(own.sentences, tags, strict=True)]


UNIVERSAL = "".join(
    f"# sent_id = {place}\n# text = Vámonos al mar\n1-2\tVámonos\t" + "_\t" * 7 + "_\n"
    "1\tVamos\tir\tVERB\tV\t_\t0\troot\t_\t_\n2\tnos\tnosotros\tPRON\tP\t_\t1\tobj\t_\t_\n"
    "2.1\t-\t-\tX\tX\t_\t_\t_\t_\t_\n" + f"3\t{place}\t3\tNUM\tM\t_\t1\tobl\t_\t_\n\n"
    for place in range(9)
)

FORMS = {
    "tabs": written(names()),
    "blanks": written(names(), " "),
    "aligned": written(names(), "    "),
    "Windows": written(names()).replace("\n", "\r\n"),
    "no end": written(names()).rstrip("\n"),
    "many blank lines": "\n\n" + written(names()).replace("\n\n", "\n \n\n\n"),
    "documents": "-DOCSTART- -X- O O\n\n" + written(names(), " "),
    "comments": "".join(f"# sentence {place}\n" + written([each], " ") for place, each in enumerate(names())),
    "UTF-16": written(names()).encode("utf-16"),
    "marked UTF-8": written(names()).encode("utf-8-sig"),
    "four columns": written([[(word, "NN", "B-NP", tag) for word, tag in each] for each in names()], " "),
    "counted": written([[(str(k), word, tag) for k, (word, tag) in enumerate(each, 1)] for each in names()]),
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_every_form_of_file_comes_back(tmp_path, text):
    own = read(tmp_path, text)
    assert rows(own) == names()
    assert own.scheme == "entities"
    assert own.classes == ("B-LOC", "B-PER", "I-PER", "O")
    assert own.take(np.array([3, 1])) == [own.sentences[3], own.sentences[1]]
    assert own.targets[np.array([3, 1])].classes == own.classes
    assert len(own.fingerprint) == 64
    assert "8 sentences, 48 tokens; tags mark spans: 'LOC', 'PER'" in own.told.en
    assert "8 句，48 个词" in own.told.zh


def test_universal_files_give_words_and_parts_of_speech(tmp_path):
    own = read(tmp_path, UNIVERSAL, "spanish.conllu")
    assert rows(own)[4] == [("Vamos", "VERB"), ("nos", "PRON"), ("4", "NUM")]
    assert own.scheme == "tags"
    assert own.told.en.startswith("CoNLL-U, UTF-8: 9 sentences, 27 tokens; 3 tags")
    assert read(tmp_path, UNIVERSAL, target="8").classes == ("obj", "obl", "root")


def test_what_is_odd_but_right(tmp_path):
    chinese = [
        [(letter, tag) for letter, tag in zip("我们来了" + str(place), "BESSS", strict=True)] for place in range(8)
    ]
    own = read(tmp_path, gzip.compress(written(chinese, " ").encode("gb18030")), "词.bmes.gz")
    assert rows(own) == chinese
    assert own.scheme == "words"
    assert [note.en for note in own.notes] == ["the text is not UTF-8 and is read as GB18030"]
    wide = [[("　", "O"), ("#", "O"), ("a", "X"), (str(place), "O")] for place in range(8)]
    assert rows(read(tmp_path, written(wide, " "))) == wide, "a wide blank and a hash are tokens"
    own = read(tmp_path, written([*names(), *names(3)]))
    assert [note.en for note in own.notes] == [
        "3 sentences repeat an earlier one; copies stay on one side of every division"
    ]
    assert read(tmp_path, written(names(9))).targets.shape == (9,), "a file that changed is read anew"


BAD = {
    "empty": ("", "no token is in the file"),
    "only comments": ("# a\n\n# b\n", "no token is in the file"),
    "only documents": ("-DOCSTART- O\n\n" * 9, "no token is in the file"),
    "zero bytes": ("a\tO\n\0\tO\n", "binary content (zero bytes)"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 50, "binary content (zero bytes)"),
    "one column": ("a\nb\n\n" * 9, "each line has one column; a tagged file has a token and its tag on each line"),
    "ragged": (written(names()) + "lost\n", "line 57 has 1 columns, most lines have 2; columns are separated by tabs"),
    "no tag": (
        written(names()).replace("lives\tO", "lives\t", 1),
        "line 3: column 2 is empty; every token needs its tag",
    ),
    "one sentence": (
        written(names()).replace("\n\n", "\n"),
        "1 different sentences in 1, at least 8 are needed; a blank",
    ),
    "endless": (
        "a\tO\nb\tX\n" * 5001,
        "a sentence of 10,002 tokens, the most is 10,000: there is no blank line in the",
    ),
    "copies": (written(names(4) * 5), "4 different sentences in 20, at least 8 are needed"),
    "constant": (written([[("a", "O"), (str(n), "O")] for n in range(9)]), "every token has the tag 'O' (column 2)"),
    "no tags": (
        written([[(str(n), f"v{n}")] for n in range(501)]),
        "column 2 holds 501 different values ('v0', 'v1', 'v2'",
    ),
    "a table": ("a,b\n1,2\n3,4\n", "each line has one column"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_gets_one_clear_line(tmp_path, text, message):
    with pytest.raises(BadData) as error:
        read(tmp_path, text)
    assert message in error.value.message.en
    assert "\n" not in error.value.message.en
    assert error.value.message.en.startswith("names.conll: ")
    assert error.value.message.zh.startswith("names.conll：")


def test_settings_that_do_not_suit(tmp_path):
    with pytest.raises(
        BadSetting, match=r"target 'ner': no column of tags; give the number of one, counted from 1 \(2\)"
    ):
        read(tmp_path, written(names()), target="ner")
    with pytest.raises(BadSetting, match="--time: sentences are tagged, and divided at random with copies together"):
        data.own_data(tmp_path / "names.conll", time="day")
    with pytest.raises(BadData, match="is not there"):
        data.own_tags(path=str(tmp_path / "none.conll"))


def test_copies_stay_on_one_side_of_every_division(tmp_path):
    own = read(tmp_path, written(names(40) * 2 + names(5)))
    for seed in range(20):
        one, other = own.split(np.arange(len(own)), 0.25, np.random.default_rng(seed))
        assert sorted([*one, *other]) == list(range(85))
        assert 12 <= len(other) <= 30
        assert not {own.sentences[row] for row in one} & {own.sentences[row] for row in other}


def test_later_sentences_need_no_tags(tmp_path):
    own = read(tmp_path, written(names()))
    place = tmp_path / "later.txt"
    place.write_text("# said\nA\nword\n\n# ?\n#\n")
    assert list(data.later(own.card, str(place))) == [[("A", "word"), ("#",)]]
    place.write_text(written(names(2)))
    assert list(data.later(own.card, str(place))) == [list(own.sentences[:2])]
    assert data.later_values(own.card, {"tokens": [["A", "word"], "in one text"]}) == [
        ("A", "word"),
        ("in", "one", "text"),
    ]
    (tags,) = data.later_answers(own.card, str(place))
    assert [each.tolist() for each in tags[:1]] == [[*own.targets[0][:5], own.classes.index("O")]]
    assert tags.classes == own.classes
    for bad in ({}, {"tokens": "A word"}, {"tokens": [[]]}, {"tokens": [["a", 1]]}, {"tokens": [3]}):
        with pytest.raises(BadData, match="the tokens are missing: a sentence has `tokens`"):
            data.later_values(own.card, bad)


@pytest.mark.parametrize(
    ("classes", "scheme"),
    [
        (("B-PER", "I-PER", "O"), "entities"),
        (("I-PER", "O"), "entities"),
        (("B", "I", "O"), "entities"),
        (("b", "e", "m", "s"), "words"),
        (("B", "I"), "words"),
        (("B-n", "E-n", "S-v"), "words"),
        (("NN", "O", "VB"), "tags"),
        (("B-PER", "O", "misc"), "tags"),
        (("S", "U"), "tags"),
    ],
)
def test_what_tags_mark_is_found(classes, scheme):
    assert scheme_of(classes) == scheme


def by_hand(tags):
    """Spans as conlleval's tables of pairs give them, its rules for E and S read for what they are meant to say."""
    found, begun = set(), None
    for place, tag in enumerate([*tags, "O"]):
        letter, _, name = tag.partition("-")
        if begun is not None:
            before, _, known = tags[place - 1].partition("-")
            if letter in "OBS" or before in "ES" or name != known:
                found.add((begun, place, known))
                begun = None
        if letter != "O" and begun is None:
            begun = place
    return found


CLASSES = ("O", *(f"{letter}-{name}" for letter in "BIES" for name in ("LOC", "PER")))


def sequences(tags, classes=CLASSES):
    whole = np.empty(len(tags), dtype=object)
    for row, each in enumerate(tags):
        whole[row] = np.asarray(each, dtype=np.int64)
    found = whole.view(TagSequences)
    found.classes = classes
    return found


@hypothesis.given(
    st.lists(st.lists(st.tuples(*[st.integers(0, 8)] * 2), min_size=1, max_size=9), min_size=1, max_size=6)
)
@hypothesis.settings(max_examples=200, deadline=None)
def test_spans_and_their_f1_are_what_brute_force_says(pairs):
    answers, targets = ([[pair[side] for pair in each] for each in pairs] for side in (0, 1))
    sets = []
    for tags in (answers, targets):
        found = {(row, *span) for row, each in enumerate(tags) for span in by_hand([CLASSES[tag] for tag in each])}
        cut = [evaluate.spans(np.asarray(each), CLASSES) for each in tags]
        names_ = ("LOC", "PER")
        assert found == {
            (row, b, e, names_[n])
            for row, each in enumerate(cut)
            for b, e, n in zip(*map(np.ndarray.tolist, each), strict=True)
        }
        sets.append(found)

    def f1(given, there):
        return 100.0 if not given and not there else 200 * len(given & there) / (len(given) + len(there))

    arrays = sequences(answers), sequences(targets)
    assert evaluate.span_shortfall(*arrays) == pytest.approx(100 - f1(*sets))
    kinds = evaluate.f1_by_kind(*arrays)
    assert kinds.values == pytest.approx(
        [f1(*({s for s in each if s[3] == name} for each in sets)) for name in ("LOC", "PER")]
    )


@hypothesis.given(
    st.lists(st.lists(st.tuples(*[st.integers(0, 3)] * 2), min_size=1, max_size=9), min_size=1, max_size=6)
)
@hypothesis.settings(max_examples=100, deadline=None)
def test_words_are_what_is_left_between_cuts(pairs):
    classes = ("b", "e", "m", "s")
    answers, targets = ([[pair[side] for pair in each] for each in pairs] for side in (0, 1))

    def words(tags):
        text = "".join(
            ("|" if classes[tag] in "bs" else "") + "x" + ("|" if classes[tag] in "es" else "") for tag in tags
        )
        places, found = 0, set()
        for word in filter(None, text.split("|")):
            found.add((places, places := places + len(word)))
        return found

    given, there = (
        {(row, *word) for row, each in enumerate(tags) for word in words(each)} for tags in (answers, targets)
    )
    f1 = 200 * len(given & there) / (len(given) + len(there))
    assert evaluate.word_shortfall(sequences(answers, classes), sequences(targets, classes)) == pytest.approx(100 - f1)


def test_measures_of_tokens():
    answers, targets = sequences([[0, 1, 2], [1]]), sequences([[0, 1, 1], [0]])
    assert evaluate.token_error(answers, targets) == 50.0
    assert evaluate.error_by_tag(answers, targets).values == (50.0, 50.0)
    tokens = [("a", "b", "c"), ("d",)]
    assert evaluate.unknown_error(answers, targets, tokens, {"a", "b", "d"}) == 100.0
    assert np.isnan(evaluate.unknown_error(answers, targets, tokens, {"a", "b", "c", "d"}))


def test_the_contest_fits_the_scheme_and_all_families_choose_alike(tmp_path):
    assert {len(family.candidates()) for family in for_tags()} == {CHOICES}
    place = tmp_path / "names.conll"
    place.write_text(written(names(20)))
    study = comparison.contest(place)
    assert study.question.en == "Which family is best at tagging names.conll?"
    design = study.design("smoke")
    assert [measure.name for measure in design.measures[:2]] == ["span_shortfall", "token_error"]
    assert [arm.name for arm in design.arms] == ["frequent", "field", "recurrent", "recurrent-field"]


def test_a_run_on_sentences_is_judged_predicts_and_is_served(tmp_path):
    from starlette.testclient import TestClient

    place, new = tmp_path / "names.conll", tmp_path / "new.txt"
    place.write_text(written([[(f"{k}", "O"), ("Mr", "O"), (f"Lu{k % 3}", "B-PER"), (".", "O")] for k in range(40)]))
    new.write_text("Mr\nLu1\n\nno\n")
    run = comparison.learn("field", place, store=RunStore(tmp_path / "store"), workers=0)
    assert run.result.measures["span_shortfall"] == 0.0
    judged = comparison.evaluate_run(run, place)
    assert [(each.measure.name, each.value) for each in judged.found] == [("span_shortfall", 0.0), ("token_error", 0.0)]
    assert judged.confusion[("O", "O")] == 120
    (answers,) = run.answers(new)
    assert run.told(answers)["prediction"].tolist() == ["O B-PER", "O"]
    with TestClient(service(run), base_url="http://127.0.0.1") as client:
        found = client.post("/predict", json={"rows": [{"tokens": "Mr Lu1"}, {"tokens": "no"}]})
        assert found.json() == {"predictions": [{"prediction": "O B-PER"}, {"prediction": "O"}]}
        refused = client.post("/predict", json={"rows": [{"words": "Mr Lu1"}]})
        assert refused.status_code == 422
        assert "tokens are missing" in refused.json()["error"]
        asked = client.get("/openapi.json").json()["paths"]["/predict"]["post"]["requestBody"]["content"]
        assert asked["application/json"]["example"] == {"rows": [{"tokens": "..."}]}
