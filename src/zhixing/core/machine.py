"""The machine that runs the trials: processor, memory, library versions, and the device that the user named."""

import importlib.metadata
import os
import platform
from functools import lru_cache
from pathlib import Path

from zhixing.core.errors import BadSetting
from zhixing.core.text import Text


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache
def describe() -> dict[str, str]:
    """What a reader needs to judge a timing or repeat a run: processor, cores, memory, system, versions."""
    import psutil

    libraries = ("torch", "numpy", "scipy", "zhixing")
    return {
        "processor": _processor(),
        "cores": str(cores()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in libraries},
    }


def checked_device(name: str) -> str:
    """The device that a trial will run on, such as cpu, cuda or cuda:1; raises BadSetting where there is none."""
    if name == "cpu":
        return name
    import torch

    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise BadSetting(
            Text(
                en=f"device {name!r} cannot be used on this machine ({reason}); `--device cpu` always can",
                zh=f"本机无法使用设备 {name!r}（{reason}）；`--device cpu` 总是可用",
            )
        ) from error
    return name


def _processor() -> str:
    """The processor's own name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def peak_bytes() -> int:
    """The largest resident memory that this process has had, in bytes."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        import psutil

        memory = psutil.Process().memory_info()
        return int(getattr(memory, "peak_wset", memory.rss))
