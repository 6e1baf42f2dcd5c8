"""A served run: what it answers, what it refuses, and a burst of requests of which none is lost or confused."""

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
import pytest

from test_own_runs import written
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
