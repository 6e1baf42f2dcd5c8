"""The engine: a study is stated, priced, run, decided, placed in its band and reported."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
