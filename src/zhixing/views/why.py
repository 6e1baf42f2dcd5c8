"""Why a run answers as it does: which columns, which parts of a picture or sound, or which words its answers rest on."""

from zhixing.core import Text
from zhixing.views.asked import asked
from zhixing.views.importance import importance
from zhixing.views.omission import omission
from zhixing.views.saliency import saliency
from zhixing.views.scene import Scene
from zhixing.views.view import CannotShow, View

BY_KIND = {
    "table": importance,
    "labels": importance,
    "pictures": saliency,
    "sounds": saliency,
    "texts": omission,
}
"""By the kind of data that a run's card names."""


def why(scene: Scene) -> View:
    """The reasons of a run; raises CannotShow where there is no run, or one that foretells nothing of rows."""
    seen = asked(scene)
    kind = seen.run.card["kind"]
    if kind not in BY_KIND:
        raise CannotShow(Text(f"no way is known to explain answers about {kind}", f"还没有解释 {kind} 类回答的方法"))
    return BY_KIND[kind](scene, seen)
