from .cnn import CNN as CNN
from .linear import SoftmaxRegression as SoftmaxRegression
from .mlp import MLP as MLP
