from .service import Limits as Limits
from .service import service as service
from .serving import serve as serve
