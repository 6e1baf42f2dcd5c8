from .cnn import CNN as CNN
from .cnn import plain_cnn as plain_cnn
from .cnn import residual_cnn as residual_cnn
from .linear import SoftmaxRegression as SoftmaxRegression
from .mlp import MLP as MLP
