"""A sheet rolled up in space: near in the room need not be near on the sheet.

Source: Tenenbaum, de Silva and Langford 2000, Science 290 (the Swiss roll). Departs from it: places on the sheet are
given as lengths along it. Every draw comes from the generator.
"""

import numpy as np
from numpy.random import Generator

from zhixing.data.dataset import Part

INNER, OUTER = 1.5 * np.pi, 4.5 * np.pi
"""The angles, which are the radii too, between which the spiral r = angle runs: one and a half turns."""
HEIGHT = 21.0


def rolled_sheet(*, points: int, generator: Generator) -> Part:
    """So many points (points, 3) of a spiral sheet; the targets (points, 2) are their places on the sheet laid flat.

    The first coordinate there is the length along the spiral from its inner end, the second the height.
    """
    angle = generator.uniform(INNER, OUTER, points)
    height = generator.uniform(0, HEIGHT, points)
    inputs = np.column_stack([angle * np.cos(angle), height, angle * np.sin(angle)])
    return Part(inputs, np.column_stack([_length(angle) - _length(np.array(INNER)), height]))


def _length(angle: np.ndarray) -> np.ndarray:
    """Of the spiral r = angle from its middle."""
    length: np.ndarray = (angle * np.sqrt(1 + angle**2) + np.arcsinh(angle)) / 2
    return length
