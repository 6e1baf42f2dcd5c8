"""One seed, independent streams, untouched global generators."""

import numpy as np
import pytest
import torch

from zhixing.core import Seeds


def test_a_stream_is_a_function_of_seed_and_name() -> None:
    assert torch.equal(torch.rand(4, generator=Seeds(1).torch("a")), torch.rand(4, generator=Seeds(1).torch("a")))
    assert Seeds(1).numpy("a").random() == Seeds(1).numpy("a").random()


@pytest.mark.parametrize(("one", "other"), [((1, "a"), (2, "a")), ((1, "a"), (1, "b")), ((0, "a"), (1, "a"))])
def test_streams_differ_and_are_uncorrelated(one: tuple[int, str], other: tuple[int, str]) -> None:
    first, second = (Seeds(seed).numpy(name).standard_normal(20_000) for seed, name in (one, other))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03
    drawn = [torch.randn(20_000, generator=Seeds(seed).torch(name)).numpy() for seed, name in (one, other)]
    assert abs(np.corrcoef(*drawn)[0, 1]) < 0.03


def test_global_generators_stay_untouched() -> None:
    before, numpy_before = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    Seeds(3).torch("a")
    Seeds(3).numpy("a").random(10)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002


def test_values_are_pinned() -> None:
    """Stored trials are named by their seed: another construction would make them lies."""
    assert Seeds(7).numpy("order").integers(0, 1000, 4).tolist() == [633, 804, 515, 483]
