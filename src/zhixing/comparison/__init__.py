"""The engine on the user's own table: which family is best there, by how much, and is the difference real?"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
