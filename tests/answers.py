"""Realistic answers for tests: four arms by seven seeds, a mechanism by layer, and every variant a report must bear."""

import dataclasses
import math
import random
from pathlib import Path
from statistics import median

from zhixing.core import Series, Text
from zhixing.study import Explanation
from zhixing.study.answer import (
    Answer,
    ArmRecord,
    Band,
    BandPlace,
    ClaimResult,
    MeasureRecord,
    Price,
    TrialRecord,
    Verdict,
)

SEEDS = range(7)
ARMS = {"plain-20": 9.1, "residual-20": 8.2, "plain-56": 13.6, "residual-56": 7.3}
HOSTILE = (
    """</script><script>alert(1)</script><img src=x onerror="alert(2)"> '"{{ 7*7 }} {% raw %} &lt;b&gt; %{x} \u2028"""
)
"""A label that tries every way out of its place."""

Rows = dict[str, dict[str, list[float]]]


def explained(en: str, zh: str) -> Explanation:
    """An explanation whose idea is the given text."""
    return Explanation(
        Text(en, zh), Text("y = x + f(x)", "y = x + f(x)"), Text("Two arms.", "两组。"), Text("It helps.", "有用。")
    )


def make_answer(
    folder: Path, *, failed: bool = False, verdict: Verdict = "supported", band: str | None = "inside"
) -> Answer:
    """The depth study; `failed` breaks off one trial, `band` is "inside", "outside" or None."""
    trials = tuple(_trial(arm, seed, failed and (arm, seed) == ("plain-56", 4)) for seed in SEEDS for arm in ARMS)
    claims = tuple(_claims(trials, verdict))
    return Answer(
        study="shortcut-depth",
        chapter="residual",
        digest="5e" * 32,
        question=Text("Does a shortcut lower the error of a 56-layer network?", "捷径连接能否降低 56 层网络的错误率？"),
        claim=Text(
            "With shortcuts the deeper network is the better one; without them it is the worse one.",
            "有捷径时，更深的网络更好；没有捷径时，更深的网络反而更差。",
        ),
        source="He et al. 2015, arXiv:1512.03385, Fig. 6",
        explanation=explained(
            "Each block adds its input to its output, so that the gradient reaches the first layer along a path that "
            "no weight shrinks.\n\nWithout that path the product of many Jacobians fades, and the early layers of a "
            "deep network hardly learn.",
            "每个残差块把输入加到输出上，梯度因此有一条不经权重衰减的通路，可直达第一层。\n\n"
            "没有这条通路，许多雅可比矩阵连乘之后梯度逐层衰减，深层网络的前几层几乎学不到东西。",
        ),
        exercises=(Text("Find a depth at which they tie.", "找出打平的深度。"),),
        scale="quick",
        verdict=verdict,
        sentence=_sentence(verdict, claims[0]),
        claims=claims,
        arms=tuple(
            ArmRecord(name, Text(name, name.replace("plain", "普通").replace("residual", "残差")), _call(name))
            for name in ARMS
        ),
        measures=(
            MeasureRecord("test_error", Text("test error", "测试错误率"), Text("%", "%"), "lower"),
            MeasureRecord("train_loss", Text("training loss", "训练损失"), Text("nats", "奈特"), "lower"),
            MeasureRecord(
                "gradient_norm_by_layer",
                Text("gradient norm", "梯度范数"),
                Text("", ""),
                None,
                axis=Text("layer", "层"),
                log=True,
            ),
        ),
        trials=trials,
        band=_band(trials, band == "inside") if band else None,
        price=Price(52.0, 131.0, 380_000_000, 72.4, 412_000_000),
        machine={
            "processor": "AMD EPYC 7B13",
            "cores": "2",
            "memory": "8 GB",
            "system": "Linux 6.1, Python 3.11.7",
            "torch": "2.13.0+cpu",
        },
        command="zhixing ask shortcut-depth --scale quick",
        next=(
            Text(
                "Does normalisation alone rescue the plain network? zhixing ask normalisation",
                "只用归一化能否挽救普通网络？zhixing ask normalisation",
            ),
            Text("Give the plain network twice the steps.", "给普通网络加倍的训练步数，再比一次。"),
        ),
        notes=(
            Text(
                "Each arm's learning rate was tuned with three trials on validation data.",
                "每组的学习率都在验证集上用三次试验调过。",
            ),
        ),
        asked="2026-03-01T09:30:00+00:00",
        folder=folder,
    )


def make_rows(answer: Answer, steps: int = 1000) -> Rows:
    """A learning curve for each trial; a failed one ends half way."""
    rows: Rows = {}
    for trial in answer.trials:
        draw = random.Random(trial.digest)
        end = steps // 2 if trial.status == "failed" else steps
        at = [float(step) for step in range(10, end + 1, 10)]
        foot = ARMS.get(trial.arm, 10.0) / 60
        loss = [foot + 2.2 * math.exp(-step / 160) * draw.uniform(0.85, 1.15) for step in at]
        rows[trial.digest] = {"step": at, "loss": loss, "lr": [0.1] * len(at)}
    return rows


def hostile(answer: Answer) -> Answer:
    """The same answer with a hostile text in every place that a user's data can reach."""
    text = Text(HOSTILE, HOSTILE)
    first, second, *rest = answer.trials
    return dataclasses.replace(
        answer,
        question=text,
        sentence=text,
        explanation=Explanation(text, text, text, text),
        exercises=(text,),
        source=HOSTILE,
        command=HOSTILE,
        claims=tuple(dataclasses.replace(claim, text=text, unit=text) for claim in answer.claims),
        arms=tuple(dataclasses.replace(arm, label=text, spec=HOSTILE) for arm in answer.arms),
        measures=tuple(
            dataclasses.replace(measure, label=text, unit=text, axis=text if measure.axis else None)
            for measure in answer.measures
        ),
        trials=(dataclasses.replace(first, status="failed", measures={}, error=HOSTILE), second, *rest),
        machine={HOSTILE: HOSTILE},
        next=(text,),
        notes=(text,),
    )


def _trial(arm: str, seed: int, failed: bool) -> TrialRecord:
    draw = random.Random(f"{arm} {seed}")
    error = ARMS[arm] + draw.gauss(0, 0.5) + random.Random(seed).gauss(0, 0.4)
    depth = int(arm.split("-")[1])
    shrink = 0.12 if arm.startswith("plain") else 0.01
    norms = [math.exp(-shrink * (depth - layer) + draw.gauss(0, 0.25)) for layer in range(1, depth + 1, depth // 10)]
    layers = tuple(float(layer) for layer in range(1, depth + 1, depth // 10))
    return TrialRecord(
        digest=f"{random.Random(f'digest {arm} {seed}').getrandbits(160):040x}",
        arm=arm,
        seed=seed,
        status="failed" if failed else "cached" if seed == 0 else "done",
        seconds=1.1 * depth / 20 + draw.random(),
        peak_bytes=380_000_000 + 1_000_000 * depth,
        measures={}
        if failed
        else {
            "test_error": error,
            "train_loss": error / 60,
            "gradient_norm_by_layer": Series("layer", layers, tuple(norms)),
        },
        error="the loss became NaN at step 500; a lower learning rate may help" if failed else None,
    )


def _call(arm: str) -> str:
    kind, depth = arm.split("-")
    shortcut = kind == "residual"
    return (
        f"zhixing.train.supervised(model=resnet_cifar(depth={depth}, shortcut={shortcut}), data=digits28(), steps=1000)"
    )


def _claims(trials: tuple[TrialRecord, ...], verdict: Verdict) -> list[ClaimResult]:
    error = {(t.arm, t.seed): t.measures.get("test_error", math.nan) for t in trials}
    sides = [("residual-56", "plain-56", 1.0), ("residual-56", "residual-20", 0.3)]
    shift = {"supported": 0.0, "refuted": -8.0, "undecided": -5.6}[verdict]
    found = []
    for arm, than, by in sides:
        values = tuple(float(error[than, seed]) - float(error[arm, seed]) + shift for seed in SEEDS)
        centre = median(value for value in values if math.isfinite(value))
        undecided = verdict == "undecided"
        found.append(
            ClaimResult(
                id=f"{arm} better than {than}",
                text=Text(
                    f"{arm} has a lower test error than {than}, by at least {by:g} percentage points",
                    f"{arm} 的测试错误率比 {than} 更低，至少相差 {by:g} 个百分点",
                ),
                verdict=verdict,
                estimate=centre,
                low=-math.inf if undecided else centre - 0.4,
                high=math.inf if undecided else centre + 0.4,
                level=0.975,
                unit=Text("percentage points", "个百分点"),
                n=len(SEEDS),
                more_seeds=12 if undecided and arm != than and by == 1.0 else None,
                region=(by, math.inf),
                values=values,
            )
        )
    return found


def _sentence(verdict: Verdict, claim: ClaimResult) -> Text:
    gap = f"{claim.estimate:.3g}"
    return {
        "supported": Text(
            f"Yes: at 56 layers a shortcut lowers the test error by {gap} percentage points.",
            f"是：56 层时，捷径使测试错误率降低 {gap} 个百分点。",
        ),
        "refuted": Text(
            f"No: at 56 layers a shortcut changes the test error by {gap} percentage points.",
            f"否：56 层时，捷径使测试错误率变化 {gap} 个百分点。",
        ),
        "undecided": Text(
            "Seven seeds cannot tell whether a shortcut helps at 56 layers.",
            "七个种子还不足以判断 56 层时捷径是否有用。",
        ),
    }[verdict]


def _band(trials: tuple[TrialRecord, ...], inside: bool) -> Band:
    places = []
    for arm, centre in ARMS.items():
        errors = [float(t.measures.get("test_error", math.nan)) for t in trials if t.arm == arm]
        value = median(error for error in errors if math.isfinite(error))
        near = inside or arm != "plain-56"
        low, high = (centre - 1.2, centre + 1.2) if near else (centre - 6.0, centre - 4.0)
        places.append(BandPlace(arm, "test_error", value, low, high, near))
    return Band(
        seeds=30,
        measured="2026-02-20",
        machine={"processor": "AMD EPYC 7B13", "cores": "2", "torch": "2.13.0+cpu"},
        places=tuple(places),
        inside=inside,
        causes=() if inside else (Text("another version of torch", "torch 版本不同"), Text("other data", "数据不同")),
        published=Text(
            "6.97 % at 110 layers on CIFAR-10; here the data are smaller and the training shorter.",
            "论文在 CIFAR-10 上、110 层时为 6.97 %；这里数据更少、训练更短。",
        ),
    )
