"""Tables of the hub, against a server on loopback that speaks the few endpoints that are used."""

import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pandas
import pytest

COMMIT, MAIN = "c" * 40, "a" * 40
CONVERTED = "refs/convert/parquet"
MORE = b"x,y\r\n" + b"3,a\r\n" * 9
COMMAND = ("-c", "from zhixing.cli import main; main()")


def parquet(start, stop, group=7):
    out = io.BytesIO()
    rows = range(start, stop)
    frame = pandas.DataFrame(
        {
            "size": [i * 0.37 % 5 for i in rows],
            "form": ["round" if i % 3 else "flat" for i in rows],
            "kind": [("a", "b")[i % 3 == 0] for i in rows],
        }
    )
    frame.to_parquet(out, row_group_size=group)
    return out.getvalue()


SHARDS = {"default/train/0000.parquet": parquet(0, 40), "default/train/0001.parquet": parquet(40, 60)}
REPOSITORIES = {
    "me/shapes": {CONVERTED: (COMMIT, {**SHARDS, "default/test/0000.parquet": parquet(0, 3)})},
    "me/two": {CONVERTED: (COMMIT, {f"{name}/train/0000.parquet": parquet(0, 30) for name in ("large", "small")})},
    "me/lines": {
        "main": (
            MAIN,
            {
                "data/train-0.csv": b"x,y" + b"\n1,a\n2,b" * 9,
                "data/train-1.csv": MORE,
                "run.py": b"1/0",
            },
        )
    },
    "me/unlike": {"main": (MAIN, {"train-0.csv": b"x,y\n1,a\n", "train-1.csv": b"y,x\na,1\n"})},
    "me/empty": {"main": (MAIN, {"run.py": b"1/0", "train.pkl": b"cos\n", "../train.csv": b"x,y\n1,a\n"})},
    "me/vast": {CONVERTED: (COMMIT, {"default/train/0000.parquet": b"x"})},
}


class Hub(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = unquote(self.path.partition("?")[0])
        if "/datasets/" not in path:
            return self.answer(404, b"")  # what the client asks about itself
        self.server.asked.append(path)
        if "me/private" in path:
            return self.answer(401, b"{}", {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Invalid username"})
        if path.startswith("/api/datasets/"):
            owner, name, *rest = path.removeprefix("/api/datasets/").split("/")
            branches = REPOSITORIES.get(f"{owner}/{name}")
            if branches is None:
                return self.answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            branch = "/".join(rest).removeprefix("revision/") or "main"
            if branch not in branches:
                return self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            commit, files = branches[branch]
            vast = 2_000_000_001 if name == "vast" else None
            told = [{"rfilename": file, "size": vast or len(data)} for file, data in files.items()]
            return self.answer(200, json.dumps({"id": f"{owner}/{name}", "sha": commit, "siblings": told}).encode())
        owner, name, _, commit, *file = path.removeprefix("/datasets/").split("/")
        for found, files in REPOSITORIES[f"{owner}/{name}"].values():
            if found == commit and "/".join(file) in files:
                data = files["/".join(file)]
                return self.answer(200, data, {"X-Repo-Commit": commit, "ETag": f'"{hashlib.sha1(data).hexdigest()}"'})
        return self.answer(404, b"", {"X-Error-Code": "EntryNotFound"})

    def answer(self, status, data, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)


@pytest.fixture(scope="module")
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def run(port, home, *words):
    """The words as a command in a process of its own, since the client reads its endpoint at import."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("HF_") and "proxy" not in name.lower()
    }
    env = {
        **kept,
        "HF_ENDPOINT": f"http://127.0.0.1:{port}",
        "HF_HOME": str(home / "hf"),
        "ZHIXING_HOME": str(home / "store"),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run([sys.executable, *words], env=env, capture_output=True, text=True, timeout=120)


READ = """
import sys
from zhixing import data
from zhixing.core import ZhixingError
for words in sys.argv[1:]:
    name, target = words.split("@")
    try:
        own = data.own_data(name, target=target)
        own = own.build() if "@" in words else own
        print(len(own), own.classes, " | ".join(note.en for note in own.notes))
    except ZhixingError as error:
        print(error.message.en)
        assert error.message.zh != error.message.en and "\\n" not in error.message.zh
"""


def read(port, home, *names):
    """What each NAME@TARGET gives: rows, classes and notes, or the line of its error."""
    done = run(port, home, "-c", READ, *names)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_command_takes_a_set_of_two_shards_once(hub, tmp_path):
    words = (*COMMAND, "train", "linear", "--data", "hub:me/shapes", "--target", "kind")
    done = run(hub.server_port, tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert f"hub:me/shapes at commit {COMMIT}, configuration default, training split" in " ".join(done.stdout.split())
    copy = tmp_path / "store" / "hub" / "me" / "shapes" / COMMIT / "default.parquet"
    whole = pandas.concat([pandas.read_parquet(io.BytesIO(data)) for data in SHARDS.values()], ignore_index=True)
    pandas.testing.assert_frame_equal(pandas.read_parquet(copy), whole)
    assert [each.name for each in copy.parent.iterdir()] == ["default.parquet"]
    hub.asked.clear()
    done = run(hub.server_port, tmp_path, *COMMAND, "evaluate", "shapes/linear", "--data", "hub:me/shapes")
    assert done.returncode == 0, done.stderr
    assert hub.asked == [f"/api/datasets/me/shapes/revision/{CONVERTED}"]


def test_what_each_name_gives(hub, tmp_path):
    expected = {
        "hub:me/two@kind": "has these configurations: large, small; choose one, such as hub:me/two/large",
        "hub:me/two/other@kind": "has these configurations: large, small",
        "hub:me/two/small@kind": f"30 ('a', 'b') hub:me/two at commit {COMMIT}, configuration small",
        "hub:me/lines@y": f"27 ('a', 'b') hub:me/lines at commit {MAIN}, configuration default",
        "hub:me/unlike@y": "the files of hub:me/unlike are broken or have different columns",
        "hub:me/empty@y": "hub:me/empty holds no table with a training split",
        "hub:me/vast@y": "its training split has 2,000,000,001 bytes, the most is 2,000,000,000",
        "hub:me/nothing@y": "the hub has no data set hub:me/nothing",
        "hub:me/private@y": "the hub does not show hub:me/private",
        "hub:../shapes@y": "names no data set of the hub",
        "hub:me/shapes/..@y": "names no data set of the hub",
        "hub:shapes@y": "names no data set of the hub",
    }
    hub.asked.clear()
    told = read(hub.server_port, tmp_path, *expected)
    assert len(told) == len(expected)
    for line, part in zip(told, expected.values(), strict=True):
        assert part in line
    assert not [path for path in hub.asked if ".." in path or path.endswith((".py", ".pkl"))]
    assert sorted(each.name for each in tmp_path.rglob("*") if each.is_file() and "hub" in each.parts) == [
        "default.csv",
        "small.parquet",
    ]


def test_nobody_answers(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = run(port, tmp_path, *COMMAND, "compare", "hub:me/shapes", "--target", "kind")
    assert done.returncode == 2
    assert "the hub gave no answer for hub:me/shapes" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_copy_that_is_kept_serves_where_nobody_answers(hub, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]
    read(hub.server_port, tmp_path, "hub:me/two/small@kind", "hub:me/shapes@kind", "hub:me/private@kind")
    kept = tmp_path / "store" / "hub" / "me" / "shapes"
    older = kept / ("b" * 40) / "default.parquet"
    older.parent.mkdir()
    older.write_bytes(parquet(0, 20))
    os.utime(older, (1, 1))
    told = read(
        nobody, tmp_path, "hub:me/shapes@kind", "hub:me/shapes/other@kind", "hub:me/two@kind", "hub:me/none@kind"
    )
    kept_copy = "training split; the hub gave no answer, so the copy kept here is used, and a newer one may exist"
    assert f"60 ('a', 'b') hub:me/shapes at commit {COMMIT}, configuration default, {kept_copy}" in told[0]
    assert "the hub gave no answer for hub:me/shapes (" in told[1]  # another configuration is no copy of it
    assert f"30 ('a', 'b') hub:me/two at commit {COMMIT}, configuration small, {kept_copy}" in told[2]
    assert "the hub gave no answer for hub:me/none (" in told[3]
    (kept.parent / "two" / COMMIT / "large.parquet").write_bytes(parquet(0, 30))
    assert (
        "the hub gave no answer for hub:me/two (" in read(nobody, tmp_path, "hub:me/two@kind")[0]
    )  # which of the two?
    (again,) = read(hub.server_port, tmp_path, "hub:me/shapes@kind")
    assert "no answer" not in again


def test_the_client_is_imported_for_a_name_of_the_hub_only(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n" + "1,a\n2,b\n" * 12, encoding="utf-8")
    script = """
import sys
sys.modules["huggingface_hub"] = None
from zhixing import data
from zhixing.core import MissingPackage
data.own_data(sys.argv[1], target="y").build()
try:
    data.own_data("hub:me/shapes")
except MissingPackage as error:
    print(error)
"""
    done = run(1, tmp_path, "-c", script, str(tmp_path / "a.csv"))
    assert "pip install 'zhixing[hub]'" in done.stdout, done.stderr
