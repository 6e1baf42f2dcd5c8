from .looking import VIEWS as VIEWS
from .looking import Looked as Looked
from .looking import look as look
from .scene import Scene as Scene
from .view import CannotShow as CannotShow
from .view import Picture as Picture
from .view import Table as Table
from .view import View as View
