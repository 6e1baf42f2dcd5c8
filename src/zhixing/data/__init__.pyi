from .dataset import Dataset as Dataset
from .dataset import Part as Part
from .digits import digits28 as digits28
