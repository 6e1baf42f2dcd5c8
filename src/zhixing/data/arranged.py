"""The same pictures in another arrangement: their pixels in another order, or themselves on a larger canvas."""

import numpy as np

from zhixing.core import BadSetting, Spec, Text
from zhixing.data.dataset import Dataset, Part


def shuffled(source: Spec, *, run: int = 1, seed: int = 0) -> Dataset:
    """The pictures of `source`, whose places all changed seats in one and the same way, chosen by `seed`.

    No number is lost; who was whose neighbour is. Places, counted row by row, move in runs of `run` that keep together,
    the last of which may be shorter; channels stay together. Raises BadSetting for a run below 1.
    """
    if run < 1:
        raise BadSetting(Text(f"runs hold 1 place or more; got {run}", f"每段至少有 1 个位置；得到 {run}"))
    whole: Dataset = source.build()
    places = np.arange(np.prod(whole.train.inputs.shape[2:]))
    runs = np.split(places, places[run::run])
    order = np.concatenate([runs[chosen] for chosen in np.random.default_rng(seed).permutation(len(runs))])

    def rearranged(part: Part) -> Part:
        flat = part.inputs.reshape(*part.inputs.shape[:2], len(places))
        return Part(flat[:, :, order].reshape(part.inputs.shape), part.targets)

    return _of_parts(whole, *(rearranged(part) for part in (whole.train, whole.validation, whole.test)))


def on_canvas(source: Spec, *, margin: int, moved: int = 0, seed: int = 0) -> Dataset:
    """The pictures of `source` with `margin` pixels of background on every side; the background is their least number.

    Training pictures are moved by up to `moved` pixels, up or down and left or right, each by its own chance from
    `seed`; the others stay in the middle. Raises BadSetting where a picture would be moved off the canvas.
    """
    if not 0 <= moved <= margin:
        raise BadSetting(
            Text(
                en=f"pictures moved by up to {moved} leave a margin of {margin}; moved must be from 0 to {margin}",
                zh=f"边距只有 {margin}，图像却要移动至多 {moved}；moved 应在 0 到 {margin} 之间",
            )
        )
    whole: Dataset = source.build()
    background = whole.train.inputs.min()
    generator = np.random.default_rng(seed)

    def framed(part: Part, by: int) -> Part:
        inputs = part.inputs
        n, channels, height, width = inputs.shape
        canvas = np.full((n, channels, height + 2 * margin, width + 2 * margin), background, dtype=inputs.dtype)
        corners = margin + generator.integers(-by, by + 1, size=(n, 2))
        for picture, (top, left), on in zip(inputs, corners, canvas, strict=True):
            on[:, top : top + height, left : left + width] = picture
        return Part(canvas, part.targets)

    return _of_parts(whole, framed(whole.train, moved), framed(whole.validation, 0), framed(whole.test, 0))


def _of_parts(whole: Dataset, train: Part, validation: Part, test: Part) -> Dataset:
    return Dataset(train=train, validation=validation, test=test, classes=whole.classes)
