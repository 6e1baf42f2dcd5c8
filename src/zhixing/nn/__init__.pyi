from .initialisation import Initialiser as Initialiser
from .initialisation import glorot_uniform as glorot_uniform
from .initialisation import he_normal as he_normal
from .layers import convolution as convolution
from .layers import linear as linear
from .residual import ResidualBlock as ResidualBlock
from .residual import projection_shortcut as projection_shortcut
