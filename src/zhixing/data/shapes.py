"""Points in the plane in groups of four shapes, generated: what real tables show only mixed.

Source: the shapes that Jain 2010, Pattern Recognition Letters 31(8), Fig. 5 to 7, and scikit-learn's comparison of
clustering methods use. Every draw comes from the generator.
"""

import numpy as np
from numpy.random import Generator

from zhixing.core import Text, UnknownName
from zhixing.data.dataset import Part

SHAPES = ("round", "long", "rings", "uneven")
"""Three round groups; three long ones side by side; a ring around a ring; a dense, a loose and a very loose group."""
CORNERS = np.array([[0.0, 1.0], [-0.87, -0.5], [0.87, -0.5]])
"""Of a triangle around the middle, at distance 1."""


def shape(name: str, *, points: int, generator: Generator) -> Part:
    """So many points, float64 of shape (points, 2), with the number of the group that each was drawn from.

    Raises UnknownName for another shape.
    """
    groups = np.arange(points) % (2 if name == "rings" else 3)
    noise = generator.standard_normal((points, 2))
    if name == "round":
        drawn = 4 * CORNERS[groups] + noise
    elif name == "long":
        drawn = np.column_stack([6 * noise[:, 0], 4.0 * groups + 0.6 * noise[:, 1]])
    elif name == "rings":
        angle = generator.uniform(0, 2 * np.pi, points)
        drawn = np.where(groups, 5.0, 2.0)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]) + 0.25 * noise
    elif name == "uneven":
        drawn = 5 * CORNERS[groups] + np.array([0.2, 0.6, 2.5])[groups][:, None] * noise
    else:
        raise UnknownName(Text("shape", "形状"), name, SHAPES)
    return Part(drawn, groups.astype(np.int64))
