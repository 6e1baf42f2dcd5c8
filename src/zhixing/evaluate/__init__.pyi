from .classification import test_error as test_error
from .classification import test_loss as test_loss
from .classification import train_error as train_error
from .gradients import gradient_norm_by_layer as gradient_norm_by_layer
from .measure import Measure as Measure
