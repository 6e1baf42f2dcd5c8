"""Kills the parent or a worker of a study at random moments, then asks again: nothing finished may run twice.

    python benchmarks/kills.py [KILLS] [SEED]

It asks the flagship (quick scale, few seeds) in a fresh store, kills one process by SIGKILL after a random time, and
repeats. Afterwards the study is asked to its end and compared, bit for bit, with an undisturbed run in another store.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ASK = [sys.executable, "-c", "from zhixing.cli import main; main()"]
WORDS = ["ask", "shortcut-depth", "--seeds", "3", "--json"]


def ask(home: Path) -> dict[str, object]:
    ran = subprocess.run(
        [*ASK, *WORDS], env={**os.environ, "ZHIXING_HOME": str(home)}, capture_output=True, text=True, check=True
    )
    answer: dict[str, object] = json.loads(ran.stdout)
    return answer


def finished(home: Path) -> dict[str, int]:
    """When each finished trial was written, in nanoseconds."""
    return {path.parent.name: path.stat().st_mtime_ns for path in (home / "trials").glob("*/result.json")}


def kill_once(home: Path, luck: random.Random) -> str:
    """Starts an asking and kills its parent or one of its workers; says which, and when."""
    asking = subprocess.Popen(
        [*ASK, *WORDS],
        env={**os.environ, "ZHIXING_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait = luck.uniform(0.5, 11.0)
    time.sleep(wait)
    if asking.poll() is not None:
        return f"{wait:.1f} s: over before the kill"
    workers = [p for p in psutil.Process(asking.pid).children() if "spawn_main" in " ".join(p.cmdline())]
    victim = luck.choice([None, *workers])
    if victim is None:
        asking.kill()
        asking.wait()
        psutil.wait_procs(workers, timeout=10)
        return f"{wait:.1f} s: parent"
    victim.send_signal(signal.SIGKILL)
    time.sleep(luck.uniform(0.0, 3.0))
    asking.kill()
    asking.wait()
    psutil.wait_procs(workers, timeout=10)
    return f"{wait:.1f} s: worker, then parent"


def measures(answer: dict[str, object]) -> dict[tuple[str, int], object]:
    trials: list[dict[str, object]] = answer["trials"]  # type: ignore[assignment]
    return {(str(trial["arm"]), int(str(trial["seed"]))): trial["measures"] for trial in trials}


def main(kills: int = 50, seed: int = 0) -> None:
    luck = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        disturbed, quiet = Path(folder) / "disturbed", Path(folder) / "quiet"
        ran_twice, done, over = 0, {}, 0
        for number in range(kills):
            what = kill_once(disturbed, luck)
            over += "over" in what
            now = finished(disturbed)
            ran_twice += sum(now.get(digest) != moment for digest, moment in done.items())
            done = now
            print(f"{number + 1:3} {what}; {len(done)} trials finished", flush=True)
            if len(done) == 12:  # every trial is done: go on in a fresh store, and check this one first
                assert measures(ask(disturbed)) == measures(ask(quiet)), "a measure differs"
                disturbed, done = Path(folder) / f"disturbed-{number}", {}
        same = measures(ask(disturbed)) == measures(ask(quiet))
        print(f"kills {kills - over}, finished trials that ran twice {ran_twice}, measures equal bit for bit: {same}")
        if ran_twice or not same:
            sys.exit(1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
