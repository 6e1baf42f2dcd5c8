"""Figures as files: every kind of trace, axis and note that ours are made of, in each format."""

import io
import re

import plotly.graph_objects as go
import pytest
from matplotlib import font_manager
from PIL import Image

from answers import make_answer, make_rows
from zhixing import draw
from zhixing.draw.printed import FONTS, chinese_fonts
from zhixing.study.drawings import claim_drawing, learning_drawing, main_drawing, mechanism_drawings
from zhixing.views import Looked

HEADS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def pixels(figure: go.Figure) -> Image.Image:
    return Image.open(io.BytesIO(draw.printed(figure, "png"))).convert("RGB")


def holds(image: Image.Image, colour: tuple[int, int, int]) -> bool:
    return any(found == colour for _, found in image.getcolors(1 << 24))


@pytest.mark.parametrize("kind", HEADS)
def test_every_figure_of_an_answer_is_a_file(tmp_path, kind):
    answer = make_answer(tmp_path)
    drawings = [main_drawing(answer), claim_drawing(answer, 0), learning_drawing(answer, make_rows(answer))]
    for drawing in (*drawings, *mechanism_drawings(answer)):
        content = draw.printed(drawing.draw("en"), kind, title="A title")
        assert content.startswith(HEADS[kind])
        assert len(content) > 5000


def test_the_words_of_a_figure_are_text_in_svg(tmp_path):
    content = draw.printed(main_drawing(make_answer(tmp_path)).draw("en"), "svg", title="标题").decode()
    for words in ("标题", "residual-56", "test error"):
        assert words in content


def test_marks_lines_bars_and_cells_have_their_colours():
    cells = go.Heatmap(z=[[0, 1], [1, 0]], colorscale=[[0, "#ff0000"], [1, "#00ff00"]], showscale=False)
    assert holds(pixels(go.Figure(cells)), (255, 0, 0))
    assert holds(pixels(go.Figure(cells)), (0, 255, 0))
    assert holds(pixels(go.Figure(go.Bar(x=["a"], y=[1], marker={"color": "#0000ff"}))), (0, 0, 255))
    assert holds(
        pixels(go.Figure(go.Bar(y=["a"], x=[1], orientation="h", marker={"color": "rgb(0,0,255)"}))), (0, 0, 255)
    )
    dots = go.Scatter(x=[1, 2], y=[1, 2], mode="markers", marker={"size": 20, "color": ["#123456", "#fedcba"]})
    assert holds(pixels(go.Figure(dots)), (0x12, 0x34, 0x56))
    assert holds(pixels(go.Figure(dots)), (0xFE, 0xDC, 0xBA))


def test_axes_side_by_side_keep_their_own_traces():
    figure = go.Figure(
        [
            go.Scatter(x=[0, 1], y=[0, 1], line={"color": "#ff0000"}),
            go.Scatter(x=[0, 1], y=[0, 1], xaxis="x2", yaxis="y2"),
        ],
        {
            "xaxis": {"domain": [0, 0.45]},
            "xaxis2": {"domain": [0.55, 1]},
            "yaxis2": {"anchor": "x2"},
            "showlegend": False,
        },
    )
    image = pixels(figure)
    red = [at % image.width for at, colour in enumerate(image.get_flattened_data()) if colour == (255, 0, 0)]
    assert red
    assert max(red) < image.width * 0.55


def test_the_range_of_a_log_axis_is_in_powers():
    figure = go.Figure(
        go.Scatter(x=[1, 2], y=[1, 1000]), {"yaxis": {"type": "log", "range": [0, 3]}, "showlegend": False}
    )
    assert draw.printed(figure, "svg")


def _svg(note: dict) -> str:
    ends = {"yaxis": {"type": "log", "range": [0, 3]}, "annotations": [note]}
    return draw.printed(go.Figure(go.Scatter(x=[1, 2], y=[1, 1000]), ends), "svg").decode()


def test_a_note_on_a_log_axis_stands_at_a_power():
    note = {"x": 1, "text": "here", "showarrow": False}
    upper, lower = (re.search(r' y="([\d.]+)"[^>]*>here<', _svg({**note, "y": power}))[1] for power in (2, 1))
    assert float(lower) - float(upper) > 50  # of three powers on the axis one


def test_a_kind_of_trace_that_is_not_known_is_refused():
    with pytest.raises(NotImplementedError, match="pie"):
        draw.printed(go.Figure(go.Pie(values=[1])), "png")


def test_a_font_without_a_weight_is_no_news(caplog):
    with caplog.at_level("WARNING"):
        draw.printed(go.Figure(go.Scatter(x=[1], y=[1], name="中文")), "png", title="中文")
    assert not caplog.records


def test_a_font_for_chinese_is_looked_for_once():
    assert chinese_fonts() is chinese_fonts()


def test_a_font_that_came_after_matplotlib_had_counted_them_is_found(monkeypatch):
    came = font_manager.FontEntry(fname="/fonts/new.ttf", name=FONTS[1])
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [came.fname, "/fonts/damaged.ttf"])

    def read(path):
        if path != came.fname:
            raise RuntimeError("no font")
        font_manager.fontManager.ttflist.append(came)

    monkeypatch.setattr(font_manager.fontManager, "addfont", read)
    assert chinese_fonts.__wrapped__() == (FONTS[1],)


def test_without_a_font_for_chinese_the_words_of_pictures_are_english(monkeypatch):
    monkeypatch.setattr(draw, "chinese_fonts", tuple)
    words = Looked.words_of_pictures
    assert [words("png", "zh"), words("pdf", "zh"), words("svg", "zh"), words("png", "en")] == ["en", "en", "zh", "en"]
    monkeypatch.setattr(draw, "chinese_fonts", lambda: (FONTS[0],))
    assert words("png", "zh") == "zh"
