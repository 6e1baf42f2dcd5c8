"""A served run: what it answers, what it refuses, and a burst of requests of which none is lost or confused."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from test_own_pictures import noise, png, save
from test_own_runs import written
from test_own_sounds import tone, wav
from zhixing import comparison, data
from zhixing.core import BadSetting
from zhixing.core.store import RunStore
from zhixing.web import Limits, serve, service


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def run(place: Path) -> comparison.Run:
    return comparison.learn("linear", written(place / "houses.csv"), "kind", store=RunStore(place / "store"), workers=0)


@pytest.fixture(scope="module")
def rows(place: Path) -> list[dict]:
    written(place / "new.csv", rows=200, seed=7)
    frame = data.read_table(place / "new.csv").frame
    return json.loads(frame.to_json(orient="records", date_format="iso"))


def client(run, **options):
    from starlette.testclient import TestClient

    return TestClient(service(run, **options), base_url="http://127.0.0.1")


@pytest.fixture(scope="module")
def asked(run):
    with client(run) as found:
        yield found


def test_rows_are_foretold_as_those_of_a_file(asked, run, rows, place):
    found = asked.post("/predict", json={"rows": rows}).json()["predictions"]
    expected = np.concatenate(list(run.answers(place / "new.csv")))
    np.testing.assert_array_equal([each["probabilities"]["big"] for each in found], expected[:, 0])
    assert [each["prediction"] for each in found] == [run.classes[place] for place in expected.argmax(axis=1)]
    assert asked.get("/health").json()["status"] == "ok"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "no JSON"),
        (b"{", 400, "no JSON"),
        (b'{"rows": [{"area": NaN}]}', 400, "no JSON"),
        (b"\xff\xfe", 400, "no JSON"),
        (b"[" * 100_000, 400, "no JSON"),
        (b"[]", 422, "must look like"),
        (b'{"rows": []}', 422, "must look like"),
        (b'{"rows": [1]}', 422, "must look like"),
        (b'{"rows": {"area": 1}}', 422, "must look like"),
        (b'{"rows": [{"area": [1]}]}', 422, "one value"),
        (b'{"rows": [{"Area": 1}]}', 422, "did you mean 'Area'"),
        (b'{"rows": [' + b'{"area":1},' * 10_000 + b'{"area":1}]}', 413, "at most 10,000 rows"),
        (b" " * 8_000_001, 413, "at most 8,000,000 bytes"),
    ],
)
def test_a_bad_request_is_one_clear_line(asked, body, status, message):
    found = asked.post("/predict", content=body)
    assert (found.status_code, "\n" in found.json()["error"]) == (status, False)
    assert re.search(message, found.json()["error"]), found.json()["error"]


def test_other_paths_and_methods_are_refused(asked):
    for method, path, status in (("get", "/predict", 405), ("get", "/../../etc/passwd", 404), ("post", "/health", 405)):
        found = getattr(asked, method)(path)
        assert found.status_code == status
        assert "error" in found.json()


def test_cells_of_another_kind_are_right_or_missing(asked, rows):
    odd = {**rows[0], "area": "80,5", "sold": "not a day", "garden": "perhaps", "town": 7, "remark": None, "more": 1}
    huge = {**rows[0], "area": 1e308, "rooms": 10**30}
    found = asked.post("/predict", json={"rows": [odd, huge, rows[0]]}).json()["predictions"]
    assert len(found) == 3
    assert found[2] == asked.post("/predict", json={"rows": rows[:1]}).json()["predictions"][0]


def test_a_token_is_asked_for(run, rows):
    with client(run, token="open sesame") as asked:
        assert asked.post("/predict", json={"rows": rows[:1]}).status_code == 401
        for given in ("open", "Bearer open", "Bearer öpen sesame".encode()):
            assert asked.get("/openapi.json", headers={"authorization": given}).status_code == 401
        right = {"authorization": "Bearer open sesame"}
        assert asked.post("/predict", json={"rows": rows[:1]}, headers=right).status_code == 200
        assert asked.get("/health").status_code == 200


def test_another_name_of_this_host_is_refused(asked):
    assert asked.get("/health", headers={"host": "evil.example"}).status_code == 400


def test_the_contract_names_every_column_and_no_outside_file(asked, run):
    stated = asked.get("/openapi.json").json()
    body = stated["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert list(body["schema"]["properties"]["rows"]["items"]["properties"]) == list(run.card["columns"])
    assert asked.post("/predict", json=body["example"]).status_code == 200
    page = asked.get("/").text
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert "&lt;" not in page or "<script" not in page


def test_too_many_waiting_are_told_to_come_later(run, rows):
    with client(run, limits=Limits(waiting=0)) as asked:
        found = asked.post("/predict", json={"rows": rows[:1]})
        assert (found.status_code, found.headers["retry-after"]) == (503, "1")


def test_a_port_that_is_taken_is_one_clear_line(run):
    import socket

    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(BadSetting, match=r"cannot listen at 127\.0\.0\.1"),
    ):
        serve(run, port=taken.getsockname()[1])
    with pytest.raises(BadSetting, match="a port is 0 to 65535"):
        serve(run, port=99_999)


def predicted(run: comparison.Run, path: Path, out: Path) -> list[dict]:
    """What `zhixing predict` writes, row by row."""
    comparison.write_predictions(run, path, out)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def in_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.fixture(scope="module", params=["picture", "sound"])
def files(request, place) -> tuple[str, comparison.Run, Path]:
    """The column, a run, and a folder of 70 new files: more than one request answers together, and no whole block."""
    column, folder, new = request.param, place / request.param, place / f"new-{request.param}"
    for number in range(90):
        kind, name = ("dark", "light")[number % 2], f"{number:02}"
        if column == "picture":
            pixels = noise(number, 10, 12) // 2 + 100 * (number % 2)
            save(folder / kind / f"{name}.png" if number < 20 else new / f"{name}.png", pixels)
        else:
            path = folder / kind / f"{name}.wav" if number < 20 else new / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wav(tone(300 + 900 * (number % 2) + number, seconds=0.2)))
    return column, comparison.learn("linear", folder, store=RunStore(place / "store"), workers=0), new


def test_files_are_foretold_as_those_of_a_folder(files, place):
    column, run, new = files
    expected = predicted(run, new, place / f"{column}.jsonl")
    rows = [{column: in_base64(path.read_bytes())} for path in sorted(new.iterdir())]
    with client(run) as asked:
        whole = asked.post("/predict", json={"rows": rows}).json()["predictions"]
        with ThreadPoolExecutor(8) as threads:
            alone = list(threads.map(lambda row: asked.post("/predict", json={"rows": [row]}).json(), rows))
        stated = asked.get("/openapi.json").json()
        body = stated["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
        assert body["schema"]["properties"]["rows"]["items"]["properties"][column]["contentEncoding"] == "base64"
        assert asked.post("/predict", json=body["example"]).status_code == 200
        assert f"<td>{column}</td><td>string (base64)</td>" in asked.get("/").text
    for found in (whole, [one["predictions"][0] for one in alone]):
        assert [one["prediction"] for one in found] == [each["prediction"] for each in expected]
        for name in ("dark", "light"):
            shares = [each[f"probability of {name}"] for each in expected]
            assert [one["probabilities"][name] for one in found] == shares
    table = run.predict({column: [path.read_bytes() for path in sorted(new.iterdir())]})
    assert table["prediction"].tolist() == [each["prediction"] for each in expected]


BAD = {
    "picture": [
        ("not base64!", "row 2: 'picture' is no base64"),
        (7, "row 2: 'picture' is no base64"),
        ("", "row 2: the picture cannot be used, broken"),
        (in_base64(png(50_000, 50_000, 1)), "row 2: the picture cannot be used, above 50,000,000 pixels"),
        (in_base64(b"GIF89a" + b"\xff" * 4 + b"\0" * 20), "row 2: the picture cannot be used, "),
        (in_base64(wav(tone(300))), "broken or cut short"),
    ],
    "sound": [
        (in_base64(png(10, 10, 10)), "no WAV"),
        ([1], "a cell is one value"),
    ],
}


def test_a_file_that_cannot_be_read_is_one_clear_line(files):
    column, run, new = files
    whole = min(new.iterdir()).read_bytes()
    good = in_base64(whole)
    cut = (
        in_base64(whole[:-60]),
        f"row 2: the {column} cannot be used, broken or cut short; expected are the bytes of",
    )
    with client(run) as asked:
        for content, message in (cut, *BAD[column]):
            found = asked.post("/predict", json={"rows": [{column: good}, {column: content}]})
            assert found.status_code == 422
            assert message in found.json()["error"]
            assert "\n" not in found.json()["error"]
        found = asked.post("/predict", json={"rows": [{"file": good}]})
        assert (found.status_code, f"missing: '{column}'" in found.json()["error"]) == (422, True)
        assert asked.post("/predict", json={"rows": [{column: good}] * 257}).status_code == 413
        assert asked.post("/predict", content=b" " * 16_000_001).status_code == 413
        assert asked.post("/predict", json={"rows": [{column: good}] * 256}).status_code == 200


@pytest.mark.parametrize("files", ["picture"], indirect=True)
def test_two_bombs_in_one_request_are_refused(files):
    """Each packs 49 million pixels into few bytes, which one picture may have."""
    _, run, _ = files
    bomb = png(7_000, 7_000, 7_000)
    assert len(bomb) < 20_000
    with client(run) as asked:
        assert asked.post("/predict", json={"rows": [{"picture": in_base64(bomb)}]}).status_code == 200
        refused = asked.post("/predict", json={"rows": [{"picture": in_base64(bomb)}] * 2})
        assert refused.status_code == 422
        message = "row 2: the picture cannot be used, above 50,000,000 pixels with those before it; expected are"
        assert refused.json()["error"].startswith(message)


def test_several_labels_are_told_as_predicted(place):
    generator = np.random.default_rng(0)
    numbers = generator.normal(size=(120, 2))
    kinds = [";".join(name for name, on in zip(("a", "b"), row > 0, strict=True) if on) for row in numbers]
    pd.DataFrame({"x": numbers[:, 0], "y": numbers[:, 1], "kinds": kinds}).to_csv(place / "kinds.csv", index=False)
    run = comparison.learn("linear", place / "kinds.csv", "kinds", store=RunStore(place / "store"), workers=0)
    expected = predicted(run, place / "kinds.csv", place / "kinds.jsonl")
    with client(run) as asked:
        rows = [{"x": x, "y": y} for x, y in numbers.tolist()]
        found = asked.post("/predict", json={"rows": rows}).json()["predictions"]
    assert [one["prediction"] for one in found] == [each["prediction"] for each in expected]
    assert {"", "a", "b", "a;b"} == {one["prediction"] for one in found}


def test_a_burst_of_two_thousand_loses_and_confuses_none(run, rows, place):
    """The command itself, over real sockets; every fifth request is bad in one of four ways."""
    expected = np.concatenate(list(run.answers(place / "new.csv")))[:, 0]
    environment = {**os.environ, "ZHIXING_HOME": str(place / "store"), "ZHIXING_LANG": "en"}
    words = [sys.executable, "-c", "from zhixing.cli import main; main()", "serve", run.name, "--port", "0", "--json"]
    bad = (b"{", b'{"rows": [{"no": 1}]}', b'{"rows": 3}', b"[" * 5000)

    def ask(number: int) -> int:
        good = number % 5 or None
        chosen = [number % 200, (number * 7) % 200]
        body = json.dumps({"rows": [rows[place] for place in chosen]}).encode() if good else bad[number // 5 % 4]
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{address}/predict", body), timeout=60) as reply:
                told = json.loads(reply.read())["predictions"]
            np.testing.assert_array_equal([each["probabilities"]["big"] for each in told], expected[chosen])
            return reply.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code if json.loads(error.read())["error"] else 0

    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True) as server:
        try:
            address = json.loads(server.stdout.readline())["address"]
            with ThreadPoolExecutor(32) as threads:
                statuses = list(threads.map(ask, range(2000)))
            assert statuses.count(200) == 1600
            assert set(statuses) == {200, 400, 422}
            with urllib.request.urlopen(f"{address}/health", timeout=10) as reply:
                assert json.loads(reply.read())["answered"] == 3200
        finally:
            server.send_signal(signal.SIGINT)
            timer = threading.Timer(20, server.kill)
            timer.start()
            told = server.stderr.read()
            timer.cancel()
    assert "Traceback" not in told
