"""Looking inside: what a run learned and how its training went, and maps of any data, each told with how far to trust it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
