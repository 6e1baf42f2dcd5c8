"""Pictures of records and arrays; Plotly is imported when the first figure is made."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
