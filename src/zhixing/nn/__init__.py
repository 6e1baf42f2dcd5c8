"""Bricks that two or more families of models share."""

from zhixing.nn.initialisation import Initialiser, glorot_uniform, he_normal
from zhixing.nn.layers import convolution, linear
from zhixing.nn.residual import ResidualBlock, projection_shortcut

__all__ = [
    "Initialiser",
    "ResidualBlock",
    "convolution",
    "glorot_uniform",
    "he_normal",
    "linear",
    "projection_shortcut",
]
