"""The one door to all views: what can be seen of a run or of data, as a page or as files of pictures."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhixing import draw
from zhixing.core import BadSetting, Interrupted, Language, Text, UnknownName, language
from zhixing.core.files import write_whole, writing
from zhixing.core.store import RunStore
from zhixing.study.events import Listen, Stage, nobody
from zhixing.views.attention import attention
from zhixing.views.covariance import covariance
from zhixing.views.labels import labels
from zhixing.views.layers import layers
from zhixing.views.maps import maps
from zhixing.views.mistakes import mistakes
from zhixing.views.scene import Scene, found_run, is_data, of_file, of_run
from zhixing.views.training import training
from zhixing.views.units import units
from zhixing.views.view import CannotShow, View
from zhixing.views.why import why

VIEWS: Mapping[str, Callable[[Scene], View]] = {
    "map": maps,
    "covariance": covariance,
    "why": why,
    "attention": attention,
    "units": units,
    "mistakes": mistakes,
    "labels": labels,
    "training": training,
    "layers": layers,
}
"""All ways of looking, by name, in the order of the page."""
KINDS = ("png", "svg", "pdf")
"""Of files that pictures are written to."""
_PAGE = Path(__file__).with_name("look.html.j2")


@dataclass(frozen=True)
class Looked:
    """What was seen."""

    name: str
    """Of the run or file."""
    views: tuple[View, ...]
    refused: Mapping[str, Text]
    """By view, why it cannot be shown."""
    home: Path
    """The folder that its page is written to."""

    @property
    def title(self) -> Text:
        return Text("Inside {name}", "{name} 的内部").format(name=self.name)

    def write(self, chosen: Language | None = None) -> Path:
        """Writes the page, whole or not at all, and returns its path."""
        drawings = [picture.drawing for view in self.views for picture in view.pictures]
        page = draw.page(
            _PAGE, title=self.title, footer=self.name, opening=chosen or language(), drawings=drawings, looked=self,
            shown=VIEWS,
        )  # fmt: skip
        place = self.home / "look.html"
        with writing(self.home):
            self.home.mkdir(parents=True, exist_ok=True)
        write_whole(place, page)
        return place

    def pictures(self, folder: str | Path, kind: str = "png", chosen: Language | None = None) -> list[Path]:
        """Writes every picture to a file of the folder, in the language of `words_of_pictures`, and returns their paths.

        Raises UnknownName for a kind that is not among KINDS, BadSetting where a file of that name is there already.
        """
        if kind not in KINDS:
            raise UnknownName(Text("kind of picture", "图片格式"), kind, KINDS)
        place, written = Path(folder).expanduser(), []
        said = self.words_of_pictures(kind, chosen)
        for view in self.views:
            for picture in view.pictures:
                file = place / f"{picture.drawing.id}.{kind}"
                if file.exists():
                    raise BadSetting(
                        Text(f"{file} is there already; name another folder", f"{file} 已经存在；请换一个文件夹")
                    )
                with writing(place):
                    place.mkdir(parents=True, exist_ok=True)
                write_whole(file, draw.printed(picture.drawing.draw(said), kind, title=picture.title[said]))
                written.append(file)
        return written

    @staticmethod
    def words_of_pictures(kind: str, chosen: Language | None = None) -> Language:
        """English where pictures of this kind need a font for Chinese and the machine has none, else as chosen."""
        said = chosen or language()
        return "en" if said == "zh" and kind != "svg" and not draw.chinese_fonts() else said


def look(
    subject: str | Path,
    *,
    views: Sequence[str] = (),
    data: str | None = None,
    target: str | None = None,
    layer: str | None = None,
    onto: str | None = None,
    seed: int = 0,
    store: RunStore | None = None,
    listen: Listen = nobody,
    **options: Any,
) -> Looked:
    """What can be seen of a run of the store, or of a file or folder; every view that suits it where `views` names none.

    A run is looked at on the rows that it learned from and was judged by, or on those of `data`. `layer` names the one of
    a network, `onto` a file or run on whose map the rows are placed; `options` are those of `zhixing.data.own_data`.
    Raises BadSetting where the subject is neither, or nothing can be shown; UnknownName for a view;
    Interrupted after Ctrl-C.
    """
    for name in views:
        if name not in VIEWS:
            raise UnknownName(Text("view", "视图"), name, VIEWS)
    store = store or RunStore()
    rest = {"layer": layer, "onto": onto, "seed": seed, "store": store, "listen": listen}
    try:
        scene = _scene(str(subject), data, target, options, rest)
        seen, refused = _seen(scene, views or tuple(VIEWS))
    except KeyboardInterrupt:
        raise Interrupted(
            Text("stopped; the map that was drawn is kept for the next time", "已停止；画好的地图会留给下次使用")
        ) from None
    if not seen:
        raise BadSetting(next(iter(refused.values())))
    asked = (
        f"{scene.run.result.digest if scene.run else subject} {data} {target} {layer} {onto} {seed} {views} {options}"
    )
    home = store.home / "looks" / hashlib.sha256(asked.encode()).hexdigest()[:16]
    return Looked(scene.name, seen, refused, home)


def _seen(scene: Scene, names: Sequence[str]) -> tuple[tuple[View, ...], dict[str, Text]]:
    """The views of these names, and by name why others cannot be shown."""
    seen, refused = [], {}
    for name in names:
        scene.listen(Stage(Text("looking: {name}", "正在查看：{name}").format(name=name)))
        try:
            seen.append(VIEWS[name](scene))
        except CannotShow as error:
            refused[name] = error.message
    return tuple(seen), refused


def _scene(
    subject: str, data: str | None, target: str | None, options: Mapping[str, Any], rest: Mapping[str, Any]
) -> Scene:
    if is_data(subject):
        if data is not None:
            raise BadSetting(
                Text(
                    en=f"{subject} is data already; --data names the rows on which a run is looked at",
                    zh=f"{subject} 本身就是数据；--data 用来指定查看某次运行时所用的行",
                )
            )
        return of_file(subject, target=target, options={k: v for k, v in options.items() if v is not None}, **rest)
    for name, value in {"target": target, **options}.items():
        if value is not None:
            raise BadSetting(
                Text(
                    en=f"--{name} tells how to read a file, and {subject} is none; a run knows it",
                    zh=f"--{name} 说明如何读取文件，而 {subject} 不是文件；运行自己知道",
                )
            )
    return of_run(found_run(subject, rest["store"]), data, **rest)
