from .contest import compare as compare
from .contest import contest as contest
from .ranking import Place as Place
from .ranking import Ranking as Ranking
from .ranking import ranking as ranking
