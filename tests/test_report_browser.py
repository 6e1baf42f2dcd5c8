"""The report in a real browser: silent on the network, harmless whatever it holds, readable everywhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from answers import HOSTILE, hostile, make_answer, make_rows
from zhixing.study.report import write_report

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}"),
]

COMMAND = "zhixing ask shortcut-depth --scale quick"
CONTRAST = """(selector) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => {
      const c = part / 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const found = document.querySelector(selector);
  const style = getComputedStyle(found);
  const ink = luminance(found instanceof SVGElement ? style.fill : style.color);
  const paper = luminance(getComputedStyle(document.body).backgroundColor);
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
}"""
"""The contrast ratio of a text with the page, as WCAG 2 defines it."""


@pytest.fixture(scope="module")
def browser() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=str(CHROMIUM))
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    answers = {
        "plain": make_answer(folder / "plain"),
        "failed": make_answer(folder / "failed", failed=True, band="outside", verdict="refuted"),
        "undecided": make_answer(folder / "undecided", failed=True, band=None, verdict="undecided"),
        "hostile": hostile(make_answer(folder / "hostile")),
    }
    for answer in answers.values():
        answer.folder.mkdir()
    return {name: write_report(answer, make_rows(answer), "en") for name, answer in answers.items()}


class Visit:
    """A page open in a context of its own, with everything it asked for or complained about."""

    def __init__(self, browser, path: Path, **options):
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.page.goto(path.as_uri())

    def look(self, language: str = "en", theme: str = "light", width: int = 1000, media: str = "screen") -> None:
        """Sets everything that a test may have changed."""
        self.page.emulate_media(media="screen")
        self.page.set_viewport_size({"width": width, "height": 844})
        self.page.click(f"button[data-language={language}]")
        self.page.click(f"button[data-theme={theme}]")
        self.page.emulate_media(media=media)

    def use_everything(self) -> None:
        """Clicks all that can be clicked and points at all that answers to pointing."""
        for button in self.page.locator("button").all():
            button.click()
        for summary in self.page.locator("summary").all():
            summary.click()
        for plot in self.page.locator(".plot").all():
            plot.scroll_into_view_if_needed()
            plot.locator(".points path").first.hover(force=True)
            plot.dblclick()
        for entry in self.page.locator(".legendtoggle").all():
            entry.click(force=True)


@pytest.fixture(scope="module")
def visits(browser, reports) -> Iterator[dict[str, Visit]]:
    """Every report open once; opening costs a second, so the tests share the pages."""
    found = {name: Visit(browser, path) for name, path in reports.items()}
    yield found
    for visit in found.values():
        visit.context.close()


def test_nothing_leaves_the_page(browser, reports):
    visit = Visit(browser, reports["hostile"])
    visit.use_everything()
    assert visit.complaints == []
    assert visit.page.evaluate("fetch('https://example.com').then(() => 'sent', () => 'refused')") == "refused"
    assert visit.requests == [reports["hostile"].as_uri()]
    visit.context.close()


def test_nothing_is_complained_about(visits, reports):
    for name, visit in visits.items():
        assert visit.complaints == []
        assert visit.requests == [reports[name].as_uri()]


def test_hostile_text_is_shown_and_nothing_else(visits):
    visit = visits["hostile"]
    visit.look()
    page = visit.page
    assert page.title().split() == HOSTILE.split()
    assert page.inner_text("h1").split() == HOSTILE.split()
    assert page.locator("img, iframe, object, svg a, .plot script").count() == 0
    assert page.locator(".command code").text_content() == HOSTILE
    assert page.locator("#claim-0 .xtitle").text_content().startswith("</script><script>alert(1)</script>")
    assert page.locator("#main .ytick text").first.text_content().startswith("</script>")
    assert visit.complaints == []


def test_every_figure_is_drawn(visits):
    for visit in visits.values():
        plots = visit.page.locator(".plot").all()
        assert len(plots) >= 5
        assert all(plot.locator(".trace").count() > 0 for plot in plots)


def test_switch_changes_every_word(visits):
    visit = visits["failed"]
    page = visit.page
    visit.look("en")
    english = page.inner_text("main")
    assert page.get_attribute("html", "lang") == "en"
    assert "普通" not in english
    visit.look("zh")
    chinese = page.inner_text("main")
    assert page.get_attribute("html", "lang") == "zh"
    assert page.title() == "捷径连接能否降低 56 层网络的错误率？"
    assert "不成立" in page.inner_text(".verdict")
    assert "损失" in page.locator("#learning .ytitle").text_content()
    assert page.locator("#main .ytick text").first.text_content() == "普通-20"
    assert page.get_attribute("#main", "aria-label").startswith("各组的测试错误率")
    assert page.get_attribute("button[data-language=zh]", "aria-pressed") == "true"
    common = set(re.findall("[A-Za-z]{4,}", english)) & set(re.findall("[A-Za-z]{4,}", chinese))
    names = (
        "residual plain torch zhixing exercise shortcut depth scale quick normalisation arXiv CIFAR EPYC Linux Python"
    )
    error = "the loss became NaN at step lower learning rate help"
    assert common <= set(f"{names} {error}".split())
    visit.look("en")
    assert page.inner_text("main") == english


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_in_both_themes(visits, theme):
    visit = visits["failed"]
    visit.look(theme=theme)
    places = ["h1", ".badge", "figcaption", "dt", "#main .xtick text", "#main .ytick text", "#learning .legendtext"]
    contrast = {place: visit.page.evaluate(CONTRAST, place) for place in places}
    assert {place: ratio for place, ratio in contrast.items() if ratio < 4.5} == {}
    paper = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 24, 28)"}[theme]


def test_theme_follows_the_system(visits):
    page = visits["failed"].page
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_selector(f"html[data-theme={theme}]")
        assert page.get_attribute(f"button[data-theme={theme}]", "aria-pressed") == "true"


@pytest.mark.parametrize("name", ["failed", "undecided", "hostile"])
def test_phone_scrolls_only_downwards(visits, name):
    page = visits[name].page
    for language in ("en", "zh"):
        visits[name].look(language, width=390)
        page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
        page.wait_for_function("document.querySelector('#main .main-svg').clientWidth < 390")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        boxes = page.evaluate(
            "[...document.querySelectorAll('.scroll')].map((box) => [box.clientWidth, box.scrollWidth])"
        )
        assert all(shown <= 390 for shown, _ in boxes)
        assert any(whole > shown for shown, whole in boxes)


def test_print_is_light_and_whole(visits, tmp_path):
    visit = visits["failed"]
    visit.look(theme="dark", width=680, media="print")
    page = visit.page
    assert page.evaluate("getComputedStyle(document.querySelector('.verdict')).backgroundColor") == "rgb(245, 247, 249)"
    assert page.locator("nav").is_hidden()
    assert page.locator(".command button").is_hidden()
    assert page.locator("td", has_text="5075bb5fb3").count() == 1
    boxes = page.evaluate("""[...document.querySelectorAll('.plot')].map((plot) => {
        const svg = plot.querySelector('.main-svg');
        return [plot.clientWidth - svg.clientWidth, plot.clientHeight];
    })""")
    assert all(spare >= 0 and height > 100 for spare, height in boxes)
    page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert 3 <= (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n") <= 9


def test_command_can_be_copied(visits):
    visit = visits["plain"]
    visit.look()
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.page.click(".command button")
    visit.page.wait_for_selector(".command.copied")
    assert visit.page.inner_text(".command button") == "Copied"
    assert visit.page.evaluate("navigator.clipboard.readText()") == COMMAND


def test_command_is_selected_where_copying_is_forbidden(visits):
    visit = visits["failed"]
    visit.look()
    visit.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('forbidden')); }")
    visit.page.click(".command button")
    assert visit.page.evaluate("getSelection().toString()") == COMMAND
    assert visit.page.inner_text(".command button") == "Copy"


def test_pointing_at_a_seed_names_it(visits):
    visit = visits["plain"]
    visit.look()
    dot = visit.page.locator("#main .points path").nth(10)
    dot.scroll_into_view_if_needed()
    dot.hover(force=True)
    assert re.search(r"seed \d: [\d.]+", visit.page.locator("#main .hovertext").text_content())


def test_page_without_scripts_keeps_words_and_tables(browser, reports):
    visit = Visit(browser, reports["plain"], java_script_enabled=False)
    text = visit.page.inner_text("main")
    assert "The figures need JavaScript" in text
    assert "图形需要" not in text
    assert "13.8" in text
    assert visit.page.locator("nav").is_hidden()
    visit.context.close()
