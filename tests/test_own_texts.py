"""Texts in class folders: every encoding is read right, and a folder is learned from as a table with a column of text."""

import codecs
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from zhixing import comparison, data
from zhixing.core import BadData, BadSetting
from zhixing.core.store import RunStore
from zhixing.data.own.texts import own_texts
from zhixing.web import service

PLACES = ("the harbour", "a small café", "our kitchen", "the old museum", "that garden", "the station")


def written(folder: Path, *, encoding: str = "utf-8", each: int = 24) -> Path:
    """Praise and blame of places, so many of both."""
    for number in range(2 * each):
        kind = ("blame", "praise")[number % 2]
        word = (("dull", "ugly", "noisy"), ("lovely", "splendid", "quiet"))[number % 2][number // 2 % 3]
        text = f"We went to {PLACES[number % 6]} on day {number} and found it {word} and rather {word}.\n"
        (folder / kind).mkdir(parents=True, exist_ok=True)
        (folder / kind / f"{number:02}.txt").write_bytes(text.encode(encoding))
    return folder


def read(place: Path) -> data.OwnFolder:
    return own_texts(path=str(place))


def refused(place: Path, **options: str) -> str:
    with pytest.raises((BadData, BadSetting)) as caught:
        data.own_data(place, **options).build()
    assert re.search("[\u4e00-\u9fff]", caught.value.message.zh)
    assert "\n" not in caught.value.message.en
    return caught.value.message.en


def test_a_folder_of_texts_is_read(tmp_path):
    own = data.own_data(written(tmp_path / "places")).build()
    assert own.told.en == "48 texts of 2 classes: blame 24, praise 24"
    assert own.told.zh == "2 类共 48 个文本：blame 24、praise 24"
    assert (own.classes, own.notes) == (("blame", "praise"), ())
    first = own.take(np.array([0]))
    assert first.columns.tolist() == ["text"]
    assert first["text"][0] == "We went to the harbour on day 0 and found it dull and rather dull."


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "cp1252"])
def test_encodings_are_found(tmp_path, encoding):
    """Some files have few letters beyond ASCII, or none: what they are is found from all of them together."""
    plain, other = read(written(tmp_path / "plain")), read(written(tmp_path / "other", encoding=encoding))
    assert other.take(np.arange(48)).equals(plain.take(np.arange(48)))
    expected = {"gb18030": ["GB18030"], "cp1252": ["CP1252"]}.get(encoding, [])
    assert [note.en.rsplit(" ", 1)[1] for note in other.notes] == expected


def test_short_chinese_files_are_read_by_all_of_them_together(tmp_path):
    """A pair of high bytes alone could be two accented letters."""
    for kind, words in (("好", ["好", "很好", "真好", "不错", "喜欢"]), ("坏", ["坏", "很坏", "差", "失望", "难吃"])):
        (tmp_path / kind).mkdir()
        for number, word in enumerate(words):
            (tmp_path / kind / f"{number}.txt").write_bytes(word.encode("gb18030"))
    own = read(tmp_path)
    assert own.take(np.arange(10))["text"].tolist()[:5] == ["坏", "很坏", "差", "失望", "难吃"]
    assert own.card["encoding"] == "GB18030"
    (tmp_path / "new.txt").write_bytes("好".encode("gb18030"))
    assert next(data.later(own.card, str(tmp_path / "new.txt")))["text"].tolist() == ["好"]


def test_empty_files_and_such_as_are_no_text_are_left_out_and_said(tmp_path):
    folder = written(tmp_path / "places")
    (folder / "blame" / "blank.txt").write_text(" \n ")
    (folder / "praise" / "zero.txt").write_bytes(b"\0\1\2")
    (folder / "praise" / "na.txt").write_text("NA\n")
    own = read(folder)
    assert len(own) == 49
    assert "NA" in own.take(np.arange(49))["text"].tolist()
    assert {note.en for note in own.notes} == {
        "1 texts left out, empty (first: 'blame/blank.txt')",
        "1 texts left out, no text in any encoding (first: 'praise/zero.txt')",
    }


def test_copies_stay_in_the_same_part(tmp_path):
    folder = written(tmp_path / "places")
    for number in range(8):
        (folder / "praise" / f"copy{number}.txt").write_text("The same words about the same place, again.\n")
    own = read(folder)
    assert any("7 of 56 texts repeat another one exactly" in note.en for note in own.notes)
    for seed in range(5):
        _, judged = own.split(np.arange(56), 0.25, np.random.default_rng(seed))
        assert sum(name.startswith("praise/copy") for name in np.array(own.names)[judged]) in (0, 8)


def test_pictures_with_a_description_each_are_pictures(tmp_path):
    folder = written(tmp_path / "places")
    for text in list(folder.rglob("*.txt"))[:10]:
        text.with_suffix(".png").write_bytes(b"x")
    assert "own_pictures" in repr(data.own_data(folder))


def test_what_is_no_folder_of_texts_is_said_in_one_line(tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "a.txt").write_text("a text")
    assert "alone holds no texts in class folders: 1 lie in it without a class folder" in refused(alone)
    assert "--target kind does not suit a folder" in refused(written(tmp_path / "places"), target="kind")
    few = written(tmp_path / "few", each=3)
    assert "few have fewer than 5 different texts" in refused(few)


def test_a_bomb_of_text_is_refused_before_it_is_read(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("a/1.txt", "b/1.txt"):
            file.writestr(name, b" " * 1_000_000)
    monkeypatch.setattr("zhixing.data.own.labelled.MOST_BYTES", 1_999_999)
    assert "2 texts of bomb.zip take 2,000,000 bytes of memory, the most is" in refused(tmp_path / "bomb.zip")


def test_all_who_read_a_table_with_text_enter(tmp_path):
    study = comparison.contest(written(tmp_path / "places"))
    assert study.question.en == "Which family tells the texts of places apart best?"
    names = [arm.name for arm in study.design("smoke").arms]
    assert {"linear", "boosting", "counts", "learned", "both"} <= set(names)


def test_a_run_on_texts_is_judged_predicts_and_is_served(tmp_path):
    from starlette.testclient import TestClient

    folder = written(tmp_path / "places")
    run = comparison.learn("counts", folder, store=RunStore(tmp_path / "store"), workers=0)
    judged = comparison.evaluate_run(run, folder)
    assert judged.rows == 48
    assert judged.found[0].value < 10
    new, texts = tmp_path / "new", ["It was lovely.", "So dull, so ugly!", "", "Un café splendid."]
    new.mkdir()
    for number, text in enumerate(texts):
        (new / f"{number}.txt").write_bytes(codecs.BOM_UTF8 + text.encode() if number % 2 else text.encode("cp1252"))
    comparison.write_predictions(run, new, tmp_path / "told.jsonl")
    told = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text().splitlines()]
    assert [row["file"] for row in told] == ["0.txt", "1.txt", "2.txt", "3.txt"]
    assert [row["prediction"] for row in told][:2] == ["praise", "blame"]
    with TestClient(service(run), base_url="http://127.0.0.1") as client:
        found = client.post("/predict", json={"rows": [{"text": text} for text in texts]}).json()["predictions"]
    assert [each["probabilities"]["praise"] for each in found] == [row["probability of praise"] for row in told]
    (new / "bad.txt").write_bytes(b"\0")
    with pytest.raises(BadData, match="every file must have its answer: 1 texts left out, no text in any encoding"):
        list(run.answers(new))
