"""What `zhixing doctor` looks at: packages, cores, devices, precision, and the disk under the run store."""

import importlib.metadata
import re
import shutil
import time
from dataclasses import dataclass

from zhixing.core.machine import cores, describe
from zhixing.core.store import RunStore
from zhixing.draw.quantities import size

MATRIX = 1024
REPEATS = 5


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `cure` is the line that mends it, where there is one."""

    name: str
    value: str
    ok: bool = True
    cure: str | None = None


def examine() -> list[Finding]:
    """Every finding, measured now."""
    machine = describe()
    findings = [Finding(name, machine[name]) for name in ("processor", "cores", "memory", "system", "python")]
    findings += _packages() + _devices() + _precisions()
    store = RunStore()
    free = shutil.disk_usage(store.home).free
    trials = store.listed()
    used = sum(trial["bytes"] for trial in trials)
    findings.append(Finding("run store", f"{store.home} ({len(trials)} trials, {size(used)['en']})"))
    findings.append(
        Finding("disk free", size(free)["en"], ok=free > 2e9, cure=None if free > 2e9 else "zhixing runs rm STUDY")
    )
    return findings


def _packages() -> list[Finding]:
    """Each requirement of this package: its version, or the line that installs it."""
    findings = []
    for line in importlib.metadata.requires("zhixing") or ():
        name, extra = re.split(r"[^\w.-]", line, maxsplit=1)[0], re.search(r"extra == ['\"](\w+)['\"]", line)
        try:
            findings.append(Finding(name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            cure = f"pip install 'zhixing[{extra[1]}]'" if extra else f"pip install {name}"
            findings.append(Finding(name, "missing", ok=False, cure=cure))
    return findings


def _devices() -> list[Finding]:
    import torch

    names = ["cpu"]
    if torch.cuda.is_available():
        names += [f"cuda:{index} ({torch.cuda.get_device_name(index)})" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return [
        Finding("devices", ", ".join(names)),
        Finding("threads", f"{torch.get_num_threads()} here, 1 in each of {cores()} workers"),
    ]


def _precisions() -> list[Finding]:
    """Speed of a matrix product in each precision, on the threads that torch uses."""
    import torch

    findings = []
    for kind in (torch.float32, torch.bfloat16):
        left = torch.ones(MATRIX, MATRIX, dtype=kind)
        for _ in range(REPEATS):
            left @ left  # the first products choose and warm the kernel
        began = time.perf_counter()
        for _ in range(REPEATS):
            left @ left
        rate = REPEATS * 2 * MATRIX**3 / (time.perf_counter() - began)
        findings.append(Finding(f"{kind}".removeprefix("torch."), f"{rate / 1e9:.0f} GFLOP/s"))
    return findings
