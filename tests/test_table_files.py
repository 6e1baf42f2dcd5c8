"""The user's own files: every format comes back with its types, and every bad file with one clear line."""

import codecs
import gzip
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from datetime import datetime
from decimal import Decimal

import hypothesis
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import strategies as st
from pyarrow import parquet as pq

from zhixing import data
from zhixing.core import BadData, BadSetting, UnknownName
from zhixing.data.own import dates, delimited, files, loose, packed

MOMENTS = [datetime(2024, 1, 5), datetime(2023, 12, 31, 10, 30), datetime(2000, 2, 29)]
TABLE = pd.DataFrame(
    {
        "n": [1, 2, -3],
        "x": [1.5, np.nan, 2e-7],
        "ok": [True, False, True],
        "城市": pd.Series(["北京", None, 'São Paulo, "SP"'], dtype=object),
        "day": np.array(MOMENTS, dtype="datetime64[us]"),
    }
)


def read(folder, content, name="table.csv", **settings):
    place = folder / name
    place.write_bytes(content if isinstance(content, bytes) else content.encode())
    return data.read_table(place, **settings)


def column(folder, cells, *, separator=",", **settings):
    """The cells as one column of a text file, beside one of counts; and the notes."""
    lines = ["x", *(f'"{cell}"' if separator in cell else cell for cell in cells)]
    text = "\n".join(f"{place}{separator}{line}" for place, line in enumerate(lines))
    found = read(folder, text, **settings)
    return found.frame["x"], [str(note.en) for note in found.notes]


def written(name):
    buffer = io.BytesIO()
    plain = name.removesuffix(".gz")
    if plain.endswith((".csv", ".txt")):
        TABLE.to_csv(buffer, index=False)
    elif plain.endswith(".tsv"):
        TABLE.to_csv(buffer, index=False, sep="\t")
    elif plain.endswith(".parquet"):
        TABLE.to_parquet(buffer)
    elif plain.endswith(".xlsx"):
        TABLE.to_excel(buffer, index=False)
    else:
        TABLE.to_json(buffer, orient="records", lines=True, date_format="iso")
    return gzip.compress(buffer.getvalue()) if name.endswith(".gz") else buffer.getvalue()


ENDINGS = [*files.ENDINGS, *(f"{ending}.gz" for ending in files.ENDINGS), ".CSV"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_format_comes_back_with_its_types(tmp_path, ending):
    found = read(tmp_path, written(ending.lower()), f"table{ending}")
    pd.testing.assert_frame_equal(found.frame, TABLE)
    assert [str(kind) for kind in found.frame.dtypes] == ["int64", "float64", "bool", "object", "datetime64[us]"]
    assert found.frame["城市"][1] is None
    assert found.notes == ()
    assert re.search("[\u4e00-\u9fff]|Excel|Parquet", found.form.zh)


CHINESE = "姓名,城市,年龄\n王小明,北京,31\n李静,上海,28\n欧阳文,乌鲁木齐,45\n"


@pytest.mark.parametrize(
    ("encoding", "text", "name"),
    [
        ("utf-8", CHINESE, "UTF-8"),
        ("utf-8-sig", CHINESE, "UTF-8"),
        ("utf-16", CHINESE, "UTF-16"),
        ("gb18030", CHINESE, "GB18030"),
        ("gb2312", CHINESE, "GB18030"),
        ("latin-1", "prénom;ville\nZoé;Orléans\nHervé;Nîmes\n", "CP1252"),
        ("cp1252", "Größe;Preis\nklein;5 €\ngroß;8 €\n", "CP1252"),
        ("latin-1", "Größe;x\n1;Müller\n2;Jäger\n", "CP1252"),
        ("latin-1", "Größe;x\nklein;1\nmittel;2\n", "CP1252"),
        ("cp1251", "имя;город\nИван;Москва\nАнна;Санкт-Петербург\nОльга;Новосибирск\n", "CP1251"),
    ],
)
def test_encodings_are_found(tmp_path, encoding, text, name):
    found = read(tmp_path, text.encode(encoding))
    separator = ";" if ";" in text else ","
    assert list(found.frame) == text.split("\n")[0].split(separator)
    assert list(found.frame.iloc[:, 1].astype(str)) == [line.split(separator)[1] for line in text.split("\n")[1:-1]]
    assert f"text, {name}, " in found.form.en
    assert any("not UTF-8" in note.en for note in found.notes) == (not name.startswith("UTF"))


def test_utf16_big_endian_has_a_mark_too(tmp_path):
    found = read(tmp_path, codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"))
    assert list(found.frame["城市"]) == ["北京", "上海", "乌鲁木齐"]


def test_a_named_encoding_is_used(tmp_path):
    traditional = "姓名,年齡\n陳大文,31\n李小龍,28\n"
    assert list(read(tmp_path, traditional.encode("big5"), encoding="big5").frame["姓名"]) == ["陳大文", "李小龍"]
    assert list(read(tmp_path, "a,b\né,1\nü,2\n".encode("cp850"), encoding="cp850").frame["a"]) == ["é", "ü"]
    assert list(read(tmp_path, "a,b\né,1\nü,2\n".encode("utf-16-le"), encoding="utf-16-le").frame["a"]) == ["é", "ü"]


@pytest.mark.parametrize("separator", delimited.SEPARATORS)
def test_separators_are_found_and_can_be_named(tmp_path, separator):
    text = separator.join("abc") + "\n" + (separator.join(["1", '"x, y; z"', "2"]) + "\n") * 2
    found = read(tmp_path, text)
    assert found.frame.shape == (2, 3)
    assert list(found.frame["b"]) == ["x, y; z"] * 2
    assert delimited.SEPARATORS[separator].en in found.form.en
    assert read(tmp_path, "a~b\n1~2\n3~4\n", separator="~").frame.shape == (2, 2)
    assert read(tmp_path, text, separator="~").frame.shape == (2, 1)


def test_a_comma_in_words_is_no_separator(tmp_path):
    assert list(read(tmp_path, "name;age\nDoe, Jane;31\nRoe, Jim;40\n").frame) == ["name", "age"]
    assert list(read(tmp_path, "Name, first;age\nDoe, Jane;31\nRoe, Jim;40\n").frame["age"]) == [31, 40]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_empty_lines_and_quoted_lines(tmp_path, end):
    text = end.join(["a,b", "", '"one', 'two",1', "", 'say ""x"",2'.replace('say ""x""', '"say ""x"""'), ""])
    found = read(tmp_path, text)
    assert list(found.frame["a"]) == [f"one{end}two", 'say "x"']
    assert list(found.frame["b"]) == [1, 2]


@pytest.mark.parametrize(
    ("cells", "separator", "expected", "note"),
    [
        (["1", "-2", "+3"], ",", [1, -2, 3], None),
        (["1.5", ".5", "2.", "-1e-3", "\u22124"], ",", [1.5, 0.5, 2, -1e-3, -4], None),
        (["1,5", "2,25", "3"], ";", [1.5, 2.25, 3], "the comma is the decimal mark in 'x'"),
        (["1,5", "2,25", "3"], ",", [1.5, 2.25, 3], "the comma is the decimal mark in 'x'"),
        (["1,5", "2,25", "-3e2"], "\t", [1.5, 2.25, -300], "the comma is the decimal mark in 'x'"),
        (["1,234", "2,345"], ",", [1234, 2345], "marks between thousands are dropped in 'x'"),
        (["1,234", "2,345"], ";", [1.234, 2.345], "the comma is the decimal mark in 'x'"),
        (["1,234,567", "2,345"], ";", [1234567, 2345], "marks between thousands are dropped in 'x'"),
        (["1.234.567", "2.345"], ",", [1234567, 2345], "marks between thousands are dropped in 'x'"),
        (["1.234,5", "12"], ";", [1234.5, 12], "marks between thousands are dropped in 'x'"),
        (["1,234.5", "12"], ";", [1234.5, 12], "marks between thousands are dropped in 'x'"),
        (["1 234", "5\u00a0678", "9\u202f012"], ",", [1234, 5678, 9012], "marks between thousands are dropped in 'x'"),
        (["1'234.5", "7"], ",", [1234.5, 7], "marks between thousands are dropped in 'x'"),
        (["0.123", "0.456"], ";", [0.123, 0.456], None),
        (
            ["1", "NA", "", "?"],
            ",",
            [1, np.nan, np.nan, np.nan],
            "counted as missing, besides empty cells: 'NA' (1), '?' (1)",
        ),
        (["5"] * 97 + ["old", "ca. 5", "inf"], ",", [5] * 97 + [np.nan] * 3, "'x' (3: 'old', 'ca. 5', 'inf')"),
        (["1e400", "2.5"], ",", [np.nan, 2.5], None),
    ],
)
def test_numbers_are_found(tmp_path, cells, separator, expected, note):
    values, notes = column(tmp_path, cells, separator=separator)
    np.testing.assert_array_equal(values.to_numpy(), np.array(expected))
    assert values.dtype == np.array(expected).dtype
    assert [note in each for each in notes if note].count(True) == (note is not None)
    if note is None:
        assert notes == []


def test_columns_that_can_be_read_both_ways_follow_the_others(tmp_path):
    comma = read(tmp_path, "a;b\n1,5;1.234\n2,5;2.345\n").frame
    point = read(tmp_path, "a;b\n1.5;1,234\n2.5;2,345\n").frame
    assert list(comma["b"]) == list(point["b"]) == [1234, 2345]
    forced = read(tmp_path, "a;b\n1;1.234\n2;2.345\n", decimal=",").frame
    assert list(forced["b"]) == [1234, 2345]
    assert list(read(tmp_path, "a;b\n1;1,5\n2;2,5\n", decimal=".").frame["b"]) == ["1,5", "2,5"]


@pytest.mark.parametrize(
    "cells",
    [
        ["01234", "99999"],
        ["12345678901234567890", "12345678901234567891"],
        ["5"] * 94 + ["old"] * 6,
        ["1/2/2024", "3/4/2024"],
        ["2024-02-30", "2024-01-01"],
        ["2024-01-01", "soon"],
        ["31/12/2024", "12/31/2024"],
        ["true", "maybe"],
        ["无", "有"],
        ["-", "+"],
        ["0x10", "0x11"],
        ["=1+1", "=2+2"],
    ],
)
def test_what_stays_text(tmp_path, cells):
    values, _ = column(tmp_path, cells)
    assert values.dtype == object
    assert list(values) == cells


@pytest.mark.parametrize(
    ("cells", "expected", "note"),
    [
        (["2024-01-05", "2024-12-31"], ["2024-01-05", "2024-12-31"], None),
        (["2024/1/5", ""], ["2024-01-05", "NaT"], None),
        (["2024年1月5日", "2024年12月31日"], ["2024-01-05", "2024-12-31"], None),
        (["2024-01-05 10:30", "2024-01-05T10:30:15.25"], ["2024-01-05T10:30", "2024-01-05T10:30:15.25"], None),
        (["2024-01-05T00:30:00Z", "2024-01-05T00:30:00+02:00"], ["2024-01-05T00:30", "2024-01-04T22:30"], None),
        (["2024-01-05T00:30:00-0130", "2024-01-05"], ["2024-01-05T02:00", "2024-01-05"], None),
        (["13/1/2024", "1/2/2024"], ["2024-01-13", "2024-02-01"], "day, month, year in 'x'"),
        (["1/13/2024", "1/2/2024"], ["2024-01-13", "2024-01-02"], "month, day, year in 'x'"),
        (["1.2.2024", "3.4.2024 8:05"], ["2024-02-01", "2024-04-03T08:05"], "day, month, year in 'x'"),
    ],
)
def test_dates_are_found(tmp_path, cells, expected, note):
    values, notes = column(tmp_path, cells)
    np.testing.assert_array_equal(values.to_numpy(), np.array(expected, dtype="datetime64[us]"))
    assert (note is None and notes == []) or [note in each for each in notes] == [True]


@hypothesis.given(st.lists(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)), min_size=1, max_size=5))
def test_every_moment_is_read_as_python_reads_it(moments):
    for write in (datetime.isoformat, lambda moment: moment.strftime("%d.%m.%Y %H:%M:%S.%f")):
        found, _ = dates.dates(pa.chunked_array([[write(moment) for moment in moments]]))
        np.testing.assert_array_equal(found, np.array(moments, dtype="datetime64[us]"))


@pytest.mark.parametrize("mark", ["NA", "N/A", "NaN", "null", "None", "-", "?", "无", "缺失", "#DIV/0!"])
def test_marks_of_missing_values(tmp_path, mark):
    numbers, _ = column(tmp_path, ["1.5", mark, "2.5"])
    words, notes = column(tmp_path, ["a", f" {mark} ", "b"])
    np.testing.assert_array_equal(numbers.to_numpy(), [1.5, np.nan, 2.5])
    assert list(words) == ["a", None, "b"]
    assert notes == [f"counted as missing, besides empty cells: {mark!r} (1)"]


def test_truth_values(tmp_path):
    assert column(tmp_path, ["true", "FALSE"])[0].dtype == bool
    assert list(column(tmp_path, ["true", "", "False"])[0]) == ["true", None, "False"]


def test_headers_are_made_names(tmp_path):
    found = read(tmp_path, "a, b ,,a,a.2,,a\n" + "1,2,3,4,5,6,7\n" * 2)
    assert list(found.frame) == ["a", "b", "column 3", "a.3", "a.2", "column 6", "a.4"]
    assert [note.en for note in found.notes] == [
        "columns without a name are called 'column 3', 'column 6'",
        "names that occur twice are told apart: 'a.3', 'a.4'",
    ]
    assert list(read(tmp_path, "column 2,\n1,2\n3,4\n").frame) == ["column 2", "column 2.2"]


@hypothesis.given(st.lists(st.sampled_from(["a", "a.2", "", "column 2", "a.2.2", None, 5]), min_size=1, max_size=8))
def test_names_are_always_different(headers):
    names, _ = loose.named(headers)
    assert len(set(names)) == len(names) == len(headers)
    assert all(names)


def test_a_first_line_of_numbers_is_doubted(tmp_path):
    assert "first line is taken for names" in read(tmp_path, "1,2\n3,4\n5,6\n").notes[0].en


def workbook(**sheets):
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(buffer)
    return buffer.getvalue()


def test_sheets_are_chosen_and_mixed_cells_settled(tmp_path):
    content = workbook(
        first=[[], ["a", None, 2024], ["01", "1,5", True], [], ["02", 2, None]], 其他=[["b"], [1], [2], ["x"]]
    )
    found = read(tmp_path, content, "book.xlsx")
    assert list(found.frame) == ["a", "column 2", "2024"]
    assert list(found.frame["a"]) == ["01", "02"]
    assert list(found.frame["column 2"]) == [1.5, 2.0]
    assert list(found.frame["2024"]) == ["true", None]
    assert any("the first sheet 'first' is read; there are others: '其他'" in note.en for note in found.notes)
    assert list(read(tmp_path, content, "book.xlsx", sheet="其他").frame["b"]) == ["1", "2", "x"]
    with pytest.raises(UnknownName, match="sheet 'frist' is unknown; did you mean 'first'"):
        read(tmp_path, content, "book.xlsx", sheet="frist")


def test_formulas_are_not_computed(tmp_path):
    found = read(tmp_path, workbook(a=[["x", "y"], [1, "=1/0"], [2, "=cmd()"]]), "book.xlsx")
    assert found.frame["y"].isna().all()


def test_lines_of_json_may_leave_names_out(tmp_path):
    lines = ['{"a": 1, "b": "2024-01-05"}', "", '{"c": true, "a": null}', '{"a": 3, "b": "2024-01-06", "c": false}']
    found = read(tmp_path, "\ufeff" + "\n".join(lines), "rows.jsonl").frame
    np.testing.assert_array_equal(found["a"], [1, np.nan, 3])
    np.testing.assert_array_equal(found["b"], np.array(["2024-01-05", "NaT", "2024-01-06"], dtype="datetime64[us]"))
    assert list(found["c"]) == [None, "true", "false"]
    odd = read(tmp_path, '{"a": "\\ud800x", "b": 1e999}\n{"a": "y", "b": %s}\n' % ("9" * 400), "rows.jsonl").frame
    assert odd.shape == (2, 2)


def test_parquet_keeps_the_types_that_it_states(tmp_path):
    table = pa.table(
        {
            "small": pa.array([1, 2], pa.uint8()),
            "gaps": pa.array([1, None], pa.int32()),
            "zip": pa.array(["123", "456"]),
            "kind": pa.array(["a", None]).dictionary_encode(),
            "money": pa.array([Decimal("1.25"), 2], pa.decimal128(10, 2)),
            "zone": pa.array(MOMENTS[:2], pa.timestamp("ns", "Asia/Shanghai")),
            "flag": pa.array([True, None]),
            "none": pa.nulls(2),
            "infinite": pa.array([np.inf, 1.0]),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    frame = read(tmp_path, buffer.getvalue(), "t.parquet").frame
    assert [str(kind) for kind in frame.dtypes] == [
        *("int64", "float64", "object", "object", "float64", "datetime64[us]", "object", "float64", "float64")
    ]
    assert list(frame["zip"]) == ["123", "456"]
    assert list(frame["kind"]) == ["a", None]
    assert list(frame["flag"]) == ["true", None]
    assert list(frame["money"]) == [1.25, 2]
    assert np.isnan(frame["infinite"][0])


def parquet(**columns):
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def zipped(**entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


BOOK = workbook(a=[["x", "y"], [1, 2], [3, 4]])
PARQUET = parquet(a=[1, 2], b=[3, 4])
BAD = {
    "empty": ("t.csv", b"", "the file is empty"),
    "blank": ("t.csv", b" \n\r\n", "the file is empty"),
    "only a mark": ("t.csv", codecs.BOM_UTF8, "the file is empty"),
    "empty gzip": ("t.csv.gz", gzip.compress(b""), "the file is empty"),
    "empty json": ("t.jsonl", b"\n\n", "there is no row below the header"),
    "empty parquet": ("t.parquet", b"", "the file is empty"),
    "header only": ("t.csv", b"a,b\n", "there is no row below the header"),
    "header only in parquet": ("t.parquet", parquet(a=[]), "there is no row below the header"),
    "header only in a book": ("t.xlsx", workbook(a=[["x", "y"]]), "there is no row below the header"),
    "empty sheet": ("t.xlsx", workbook(a=[]), "there is no row below the header"),
    "one row": ("t.csv", b"a,b\n1,2\n", "there is one row"),
    "one row of json": ("t.jsonl", b'{"a": 1}\n', "there is one row"),
    "short row": ("t.csv", b"a,b\n1,2\n3\n4,5\n", "line 3 has 1 cells, the header has 2"),
    "long row": ("t.csv", b"a,b\n1,2\n\n\n3,4,5\n", "line 5 has 3 cells, the header has 2; a comma inside"),
    "long row after a quoted line": ("t.csv", b'a,b\n"x\ny",2\n1,2,3\n', "line 4 has 3 cells"),
    "long row of tabs": ("t.tsv", b"a\tb\n1\t2\n3\t4\t5\n", "line 3 has 3 cells, the header has 2; a tab inside"),
    "open quote": ("t.csv", b'a,b\n1,2\n3,"4\n5,6\n', "stays open to the end of the file"),
    "zero bytes": ("t.csv", b"a,b\n1,\0\n2,3\n", "binary content"),
    "utf-16 without a mark": ("t.csv", "a,b\n1,2\n".encode("utf-16-le"), "binary content"),
    "utf-32": ("t.csv", "a,b\n1,2\n".encode("utf-32"), "binary content"),
    "half a character of utf-16": ("t.csv", codecs.BOM_UTF16_LE + b"a\0,\0b", "no text in utf-16"),
    "damaged utf-8 with a mark": ("t.csv", codecs.BOM_UTF8 + b"a,b\n\xff,2\n", "no text in utf-8-sig"),
    "a workbook called csv": ("t.csv", BOOK, "this is an Excel workbook or a zip file"),
    "parquet called csv": ("t.csv", PARQUET, "this is a Parquet file"),
    "gzip called csv": ("t.csv", gzip.compress(b"a,b\n1,2\n3,4\n"), "this is a gzip file"),
    "an old workbook called csv": ("t.csv", b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel workbook"),
    "too many columns": (
        "t.csv",
        b",".join([b"a"] * 5001) + b"\n" + b",".join([b"1"] * 5001),
        "5,001 columns are too many",
    ),
    "too many columns of json": (
        "t.jsonl",
        json.dumps({str(place): 1 for place in range(5002)}).encode(),
        "5,002 columns are too many",
    ),
    "too many columns of a book": ("t.xlsx", workbook(a=[["x"] * 5001, [1], [2]]), "5,001 columns are too many"),
    "no gzip": ("t.csv.gz", b"a,b\n1,2\n3,4\n", "no whole gzip file"),
    "gzip cut short": ("t.csv.gz", gzip.compress(b"a,b\n1,2\n3,4\n" * 99)[:-9], "no whole gzip file"),
    "damaged gzip": ("t.csv.gz", gzip.compress(b"a,b\n1,2\n" * 99)[:12] + b"\xff" * 40, "no whole gzip file"),
    "no parquet": ("t.parquet", b"a,b\n1,2\n3,4\n", "no Parquet file that can be read"),
    "parquet cut short": ("t.parquet", PARQUET[:-20], "no Parquet file that can be read"),
    "parquet with a hole": ("t.parquet", PARQUET[:4] + b"\xff" * 60 + PARQUET[64:], "no Parquet file that can be read"),
    "parquet of lists": ("t.parquet", parquet(a=[[1], [2]], b=[1, 2]), "column 'a' holds list<"),
    "parquet of bytes": ("t.parquet", parquet(a=[b"x", b"y"]), "column 'a' holds binary"),
    "no workbook": ("t.xlsx", b"a,b\n1,2\n3,4\n", "no Excel workbook that can be read"),
    "an old workbook": ("t.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1" * 99, "no Excel workbook that can be read"),
    "workbook cut short": ("t.xlsx", BOOK[: len(BOOK) // 2], "no Excel workbook that can be read"),
    "another zip": ("t.xlsx", zipped(a="b"), "no Excel workbook that can be read"),
    "json cut short": ("t.jsonl", b'{"a": 1}\n{"a": \n', "line 2 is no JSON in UTF-8"),
    "json of numbers": ("t.jsonl", b'{"a": 1}\n5\n', "line 2 is no JSON object with names"),
    "json of nothing": ("t.jsonl", b"{}\n{}\n", "line 1 is no JSON object with names"),
    "json over many lines": ("t.jsonl", b'[\n{"a": 1},\n{"a": 2}]', "line 1 is no JSON in UTF-8"),
    "json too deep": ("t.jsonl", b"[" * 100_000 + b"\n", "line 1 is no JSON in UTF-8"),
    "json in latin-1": ("t.jsonl", b'{"a": "\xe9"}\n', "line 1 is no JSON in UTF-8"),
    "json of lists": ("t.ndjson", b'{"a": 1}\n\n{"a": [1]}\n', "line 3: 'a' holds a list"),
    "json of objects": ("t.json-lines", b'{"a": {"b": 1}}\n', "line 1: 'a' holds a object"),
    "unknown ending": ("t.pkl", b"x", "no table is known by '.pkl'; known are .csv, .tsv"),
    "near ending": ("t.jsnl", b"x", "did you mean .jsonl?"),
    "no ending": ("table", b"x", "no table is known by 'table'"),
    "only gz": ("t.gz", b"x", "no table is known by"),
}


def refused(path, fragment, **settings):
    with pytest.raises(BadData, match=re.escape(fragment)) as caught:
        data.read_table(path, **settings)
    message = caught.value.message
    assert re.search("[\u4e00-\u9fff]{4}", message.zh)
    assert "\n" not in message.en + message.zh
    assert len(message.en) < 300
    assert os.path.basename(path) in message.en
    assert os.path.basename(path) in message.zh


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_in_one_line(tmp_path, case):
    name, content, fragment = BAD[case]
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, fragment)


@pytest.mark.parametrize("address", ["http://x.org/a.csv", "HTTPS://x.org/a.csv", "s3://bucket/a.csv", "file:///a.csv"])
def test_nothing_is_fetched(address):
    refused(address, "nothing is fetched here")


def test_places_without_a_table_are_refused(tmp_path, monkeypatch):
    (tmp_path / "sales.csv").write_bytes(b"a,b\n1,2\n3,4\n")
    refused(tmp_path, "is a folder; give the path of one table (in it: sales.csv)")
    refused(tmp_path / "slaes.csv", "is not there; did you mean 'sales.csv'?")
    refused(tmp_path / "zzz", "is not there; check the path")
    refused(tmp_path / "no" / "sales.csv", "is not there, nor is its folder")
    refused("/dev/zero", "is no ordinary file")
    for impossible in ("a\0.csv", "x" * 300 + ".csv"):
        with pytest.raises(BadData, match="cannot be read"):
            data.read_table(impossible)

    def denied(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", denied)
    refused(tmp_path / "sales.csv", "cannot be read (Permission denied)")


def test_a_sparse_file_is_refused_by_its_size(tmp_path, monkeypatch):
    with open(tmp_path / "big.csv", "wb") as file:
        file.truncate(4_000_000_000)
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda _: pytest.fail("it was read"))
    refused(tmp_path / "big.csv", "big.csv has 4,000,000,000 bytes, the most is 2,000,000,000")


def test_what_files_unpack_to_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 100_000)
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 50_000))
    refused(tmp_path / "bomb.csv.gz", "unpacks to more bytes than allowed, the most is 100,000")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 200_000)
    (tmp_path / "bomb.xlsx").write_bytes(buffer.getvalue())
    refused(tmp_path / "bomb.xlsx", "the workbook unpacks to 200,000 bytes, the most is 100,000")


def test_cells_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(loose, "MOST_CELLS", 1000)
    monkeypatch.setattr(packed, "MOST_CELLS", 1000)
    for name, content in {
        "t.csv": b"a,b\n" + b"1,2\n" * 2000,
        "t.parquet": parquet(a=[1] * 1001),
        "t.jsonl": b'{"a": 1}\n' * 1001,
        "t.xlsx": workbook(a=[["x"], *[[1]] * 1001]),
    }.items():
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name, "more than 1,000 cells; take a sample of the rows")


def changed_sheet(change):
    """A workbook of two columns and two rows whose XML of the sheet was changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.namelist():
            content = old.read(entry).decode()
            new.writestr(entry, change(content) if "sheet1" in entry else content)
    return buffer.getvalue()


def test_a_workbook_may_claim_any_size(tmp_path):
    for claimed in ("A1:A1", "A1:XFD1048576"):
        content = changed_sheet(lambda sheet, claimed=claimed: sheet.replace('ref="A1:B3"', f'ref="{claimed}"'))
        assert content != BOOK
        assert read(tmp_path, content, "t.xlsx").frame.to_dict("list") == {"x": [1, 3], "y": [2, 4]}


def test_a_workbook_that_lies_about_its_rows_ends(tmp_path):
    """A row may claim any number, and openpyxl yields every empty one before it."""
    content = changed_sheet(lambda sheet: sheet.replace('r="3"', 'r="3000000000000"', 1))
    (tmp_path / "t.xlsx").write_bytes(content)
    refused(tmp_path / "t.xlsx", "there is one row")


def test_entities_are_not_expanded_without_end(tmp_path):
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 50}">' for n in range(12))
    sheet = f"<!DOCTYPE worksheet [{laughs}]><worksheet><sheetData>&l11;</sheetData></worksheet>"
    (tmp_path / "t.xlsx").write_bytes(changed_sheet(lambda _: sheet))
    refused(tmp_path / "t.xlsx", "no Excel workbook that can be read")


def test_memory_that_runs_out_is_said(tmp_path, monkeypatch):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(delimited, "read", full)
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,2\n3,4\n")
    refused(tmp_path / "t.csv", "does not fit into this machine's memory")


@pytest.mark.parametrize(
    ("name", "settings", "fragment"),
    [
        ("t.csv", {"encoding": "klingon"}, "the encoding 'klingon' is unknown"),
        ("t.csv", {"encoding": "hex"}, "the encoding 'hex' is unknown"),
        ("t.csv", {"separator": "::"}, "a separator is one character"),
        ("t.csv", {"separator": "，"}, "a separator is one character"),
        ("t.csv", {"decimal": ";"}, "a decimal mark is '.' or ','"),
        ("t.csv", {"sheet": "a"}, "sheet='a' does not suit a .csv file; it is for .xlsx"),
        ("t.parquet", {"decimal": ","}, "decimal=',' does not suit a .parquet file"),
        ("t.xlsx", {"separator": ","}, "separator=',' does not suit a .xlsx file"),
    ],
)
def test_settings_that_do_not_suit_are_refused(tmp_path, name, settings, fragment):
    (tmp_path / name).write_bytes(b"a,b\n1,2\n3,4\n")
    with pytest.raises(BadSetting, match=re.escape(fragment)) as caught:
        data.read_table(tmp_path / name, **settings)
    assert re.search("[\u4e00-\u9fff]{4}", caught.value.message.zh)
    (tmp_path / "u.csv").write_bytes(b"a,b\n\xff,2\n3,4\n")
    refused(tmp_path / "u.csv", "no text in ascii (byte 4)", encoding="ascii")


BYTES = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.sampled_from([b"a", b"1", b",", b";", b"\n", b"\r", b'"', b"\t", b"\xe9", b"\xd6\xd0", b"-", b"\0", b" "])
    ).map(b"".join),
)


@hypothesis.settings(
    max_examples=400, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(BYTES, st.sampled_from([".csv", ".csv", ".csv", ".tsv", ".jsonl", ".csv.gz", ".parquet", ".xlsx"]))
def test_any_bytes_are_read_or_refused(tmp_path, content, ending):
    place = tmp_path / f"any{ending}"
    place.write_bytes(content)
    frame, message = None, None
    try:
        frame = data.read_table(place).frame
    except BadData as error:
        message = error.message
    if frame is None:
        assert place.name in message.en
        assert re.search("[\u4e00-\u9fff]{4}", message.zh)
    else:
        assert len(frame) >= 2
        assert {str(kind) for kind in frame.dtypes} <= {"int64", "float64", "bool", "object", "datetime64[us]"}


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).map(
    lambda cell: "x" + cell.strip()
)


@hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(st.lists(st.tuples(CELL, CELL), min_size=2, max_size=6), st.sampled_from(list(delimited.SEPARATORS)))
def test_words_come_back_as_pandas_wrote_them(tmp_path, rows, separator):
    frame = pd.DataFrame(rows, columns=["a", "b"], dtype=object)
    text = frame.to_csv(index=False, sep=separator, quoting=1, lineterminator="\n")
    pd.testing.assert_frame_equal(read(tmp_path, text, separator=separator).frame, frame)


def test_reading_is_light():
    """Neither pandas nor pyarrow nor openpyxl is imported before a table is read."""
    code = (
        "import sys; from zhixing import data; data.read_table, data.profile; "
        "print([name for name in ('torch', 'pandas', 'pyarrow', 'openpyxl', 'charset_normalizer') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
