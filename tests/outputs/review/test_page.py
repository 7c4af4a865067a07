"""A review as a page: what is on it, that texts stay texts, and that it loads nothing."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from datetime import timedelta
from itertools import count, pairwise

import pytest

from deployspec.base.shown import printable
from deployspec.model.chart import Bars, Chart, Line
from deployspec.model.review import Cell, Column, Figure, Review, Section, Table, Tone
from deployspec.outputs.review import html
from deployspec.outputs.review.figures import drawn
from tests.outputs.review.examples import ALL, HOSTILE, ZONE, bad, calm, empty, forty, hostile, with_texts
from tests.outputs.review.reading import Element, read

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "nav", "section", "article", "footer", "div", "p"),
    *("h1", "h2", "h3", "h4", "ul", "li", "a", "b", "span", "small", "code", "br", "table", "thead", "tbody", "tr", "th", "td"),
    *("figure", "figcaption", "details", "summary", "svg", "g", "path", "defs", "clippath", "rect", "use", "text", "desc"),
}  # fmt: skip


@pytest.fixture(params=ALL)
def review(request: pytest.FixtureRequest) -> Review:
    """Each of the examples."""
    return ALL[request.param]()


def tables_of(one: Review) -> list[Table]:
    """All of its tables."""
    return [part for section in one.sections for part in section.parts if isinstance(part, Table)]


def figures_of(one: Review) -> list[Figure]:
    """All of its figures."""
    return [part for section in one.sections for part in section.parts if isinstance(part, Figure)]


def words(element: Element) -> str:
    """Its text, with single spaces, and without what stands for a tone."""
    if "sign" in element.get("class").split() or "spoken" in element.get("class").split():
        return ""
    text = "".join(child if isinstance(child, str) else f" {words(child)} " if child.tag in ("small", "br") else words(child) for child in element.children)  # fmt: skip
    return " ".join(text.split())


def plain(text: str) -> str:
    """A text as it is shown, with single spaces."""
    return " ".join(printable(text).split())


def test_it_is_made_of_what_cannot_do_anything(review: Review) -> None:
    """No script, nothing that is loaded or sent, no link that leads elsewhere; every link leads to something."""
    page = read(html([review]))
    elements = page.all()
    assert {one.tag for one in elements} - {""} <= TAGS
    ids = [one.get("id") for one in elements if one.get("id")]
    assert len(ids) == len(set(ids))
    for one in elements:
        for name, value in one.attributes.items():
            assert not name.startswith("on")
            assert name not in ("src", "srcset", "action", "background", "xlink:href")
            if name == "href":
                assert value[0] == "#"
                assert value[1:] in ids
            if name in ("aria-labelledby", "aria-describedby"):
                assert value in ids
            if name in ("style", "clip-path"):
                assert all(piece[1:].partition(")")[0] in ids for piece in value.split("url(")[1:])
    policy = next(one.get("content") for one in page.all("meta") if "http-equiv" in one.attributes)
    assert policy.startswith("default-src 'none'; ")
    (style,) = page.all("style")
    assert not any(word in style.text() for word in ("url(", "@import", "</", "&"))


def test_every_number_is_on_it(review: Review) -> None:
    """Under the names of its table, row and column: value, text, note, and whether it is good or bad."""
    page = read(html([review]))
    made = [one for one in page.all("table", "p") if one.get("data-key")]
    tables = tables_of(review)
    assert [one.get("data-key") for one in made] == [table.key for table in tables]
    signs = {Tone.GOOD: "✓", Tone.BAD: "✗", Tone.UNKNOWN: "?"}
    for table, element in zip(tables, made, strict=True):
        if not table.rows:
            assert words(element) == plain(f"{table.title} {table.none}")
            continue
        rows = [one for one in element.all("tr") if "data-row" in one.attributes]
        for row, written in zip(table.rows, rows, strict=True):
            assert written.get("data-row") == printable(row[0].text)
            cells = written.all("td", "th")
            for column, cell, found in zip(table.columns, row, cells, strict=True):
                assert found.get("data-column") == printable(column.name)
                value = found.get("data-value")
                assert (float(value) if value else None) == cell.value
                assert words(found) == plain(f"{cell.text} {cell.note}")
                assert [one.text() for one in found.all("span") if "sign" in one.get("class").split()] == [*filter(None, [signs.get(cell.tone)])]  # fmt: skip
                assert bool(found.all("code")) == cell.code


def test_every_text_is_on_it(review: Review) -> None:
    """Sentence, changes, what is breached and not known, paragraphs, titles, notes and advice."""
    page = read(html([review]))
    there = words(page)
    texts = [review.verdict, review.sentence.removeprefix(f"{review.verdict}: "), review.week.deployment]
    texts += [change.text for change in review.changes]
    for section in review.sections:
        texts += [section.title, *section.breached, *section.unmeasured, *section.advice]
        for part in section.parts:
            if isinstance(part, Table):
                texts += [part.title, part.note, *(column.name for column in part.columns if part.rows)]
            elif isinstance(part, Figure):
                texts += [part.chart.title, part.says, part.chart.x, part.chart.y]
            else:
                texts += part.splitlines()
    assert [text for text in texts if plain(text) not in there] == []


def test_the_head_comes_first() -> None:
    """The verdict, what changed, what was left out, and then the sections; how it was made is the last of them."""
    page = read(html([bad()]))
    (main,) = page.all("main")
    text = words(main)
    places = [text.index(word) for word in ("production", "BREACHED", "What changed", "logs.no-secrets is BREACHED since", "upgrade of the database", "Error budgets", "Time in each verdict", "Where the numbers come from")]  # fmt: skip
    assert places == sorted(places)
    assert "backup" not in text, "a window before the week is of no concern"


def test_a_number_links_to_its_query_or_run() -> None:
    """Which stands in how it was made, with the moment that was asked of."""
    review = bad()
    page = read(html([review]))
    by_id = {one.get("id"): one for one in page.all() if one.get("id")}
    sources = {source.id: source for section in review.sections for source in section.sources}
    linked: Counter[str] = Counter()
    for element in page.all("table"):
        table = next((one for one in tables_of(review) if one.key == element.get("data-key")), None)
        rows = [one for one in element.all("tr") if "data-row" in one.attributes]
        for row, written in zip(table.rows if table else (), rows, strict=False):
            for cell, found in zip(row, written.all("td", "th"), strict=True):
                links = [by_id[one.get("href")[1:]].get("data-source") for one in found.all("a")]
                assert links == ([cell.source] if cell.source else [])
                linked.update(links)
    assert len(linked) == 5
    for element in page.all("tr"):
        if source := sources.get(element.get("data-source")):
            for text in (source.what, source.run, source.path, source.query.replace("\n", " ")):
                assert plain(text) in words(element)
    assert "asked of Mon 2026-10-26 00:00" in words(page)


def test_a_source_that_nobody_named_is_no_link() -> None:
    """Nor does a page without sources have a table of them; one without a last section gets one for them."""
    table = Table("t", "T", (Column("a"),), ((Cell("x", source="unknown"),),))
    page = read(html([dataclasses.replace(empty(), sections=(Section("s", "S", parts=[table]),))]))
    assert [one.get("href") for one in page.all("a")] == ["#r1-s"]
    page = read(html([dataclasses.replace(calm(), sections=calm().sections[:1])]))
    assert [one.get("data-section") for one in page.all("section")] == ["slo", "made"]


def test_every_figure_is_drawn_and_has_its_table(review: Review) -> None:
    """A picture with name and description, a legend, and all of its numbers."""
    page = read(html([review]))
    for figure, element in zip(figures_of(review), page.all("figure"), strict=True):
        assert element.get("data-figure") == figure.key
        head, *rows = [[words(cell) for cell in row.all("th", "td")] for row in element.all("tr")]
        assert [head, *rows] == [[plain(text) or "–" for text in row] for row in figure.chart.rows()]  # noqa: RUF001
        pictures = [one for one in element.all("svg") if one.get("role") == "img"]
        if all(value is None for line in figure.chart.lines for value in line.y) and not figure.chart.bars:
            assert pictures == []
            assert "There are no values to draw." in words(element)
            continue
        (picture,) = pictures
        assert [one.text() for one in picture.all("title", "desc")] == [printable(figure.chart.title), printable(figure.says)]  # fmt: skip
        named = " ".join(words(one) for one in element.all("li"))
        assert all(plain(name) in named for name, _ in figure.chart.limits)
        assert all(plain(line.name) in named for line in figure.chart.lines)


def test_days_are_those_of_the_zone() -> None:
    """A name in the middle of each, also of one with 25 hours."""
    figure = figures_of(calm())[0]
    svg = read(drawn(figure, "x").svg)
    assert [one.text() for one in svg.all("text")][:7] == ["Mon 19", "Tue 20", "Wed 21", "Thu 22", "Fri 23", "Sat 24", "Sun 25"]  # fmt: skip
    places = [float(one.get("x")) if one.get("x") else float(one.get("transform").split("(")[1].split()[0].rstrip(")")) for one in svg.all("text")[:7]]  # fmt: skip
    steps = [later - earlier for earlier, later in pairwise(places)]
    assert max(steps[:5]) - min(steps[:5]) < 0.01
    assert steps[5] / steps[0] == pytest.approx(24.5 / 24, abs=0.001)


MOMENTS = tuple(calm().week.span.begin + hour * 3600 for hour in range(24 * 31))


@pytest.mark.parametrize(
    "chart",
    [
        pytest.param(Chart("t", "x", "y", lines=tuple(Line(f"line {number}", (1.0, 2.0, 3.0), (1.0, None, 2.0)) for number in range(20))), id="twenty lines"),
        pytest.param(Chart("t", "x", "y", lines=(Line("one", MOMENTS, tuple(map(float, range(len(MOMENTS))))),), zone=ZONE), id="a month"),
        pytest.param(Chart("t", "x", "y", lines=(Line("one", (MOMENTS[0],), (1e12,)),), zone=ZONE), id="one point"),
        pytest.param(Chart("t", "x", "y", lines=(Line("one", (1.0, 2.0), (math.inf, math.nan)), Line("two", (1.0, 2.0), (-5.0, 1.0)))), id="infinite"),
        pytest.param(Chart("t", "x", "y", bars=Bars((0.0, 0.5, 1.0, math.inf), (1, 2, 3)), limits=(("l", 0.7),)), id="bars without an end"),
        pytest.param(Chart("$x_{", "x", "y", bars=Bars((-math.inf, 0.5), (1,))), id="one bar"),
    ],
)  # fmt: skip
def test_any_chart_can_be_drawn(chart: Chart) -> None:
    """Lines beyond the number of colours are told apart by their dashes; a number that is none does no harm."""
    picture = drawn(Figure("f", chart, "says"), "x")
    assert {one.tag for one in read(picture.svg).all()} - {""} <= TAGS
    assert "nan" not in picture.svg.lower()
    keys = [(key.colour, key.dashes) for key in picture.legend]
    assert len(set(keys[:16])) == len(keys[:16])
    assert all(colour.startswith("var(--") for colour, _ in keys)


def test_colours_are_the_pages() -> None:
    """So that they follow light and dark; but for black, which nothing is drawn in."""
    page = read(html([bad()]))
    styles = [one.get(name) for one in page.all() for name in ("style", "fill", "stroke")]
    assert "#" not in "".join(styles).replace("url(#", "")
    assert any("var(--line-2)" in style for style in styles)
    assert any("var(--bad)" in style for style in styles)


def test_the_same_review_is_the_same_page(review: Review) -> None:
    """But for when it was made."""
    first = html([review])
    assert html([ALL[next(name for name, make in ALL.items() if make() == review)]()]) == first
    later = html([dataclasses.replace(review, made=review.made + timedelta(hours=3))])
    different = [(one, other) for one, other in zip(first.splitlines(), later.splitlines(), strict=True) if one != other]  # fmt: skip
    assert len(different) == 1
    assert different[0][0].startswith("<p>Made Mon 2026-10-26 07:00")


def test_a_text_is_a_text() -> None:
    """Whatever every text of it is, the page has the same elements, and the text as often as any other."""
    whole = printable(HOSTILE)
    harmless = "x" * len(whole)
    pages = {text: read(html([with_texts(bad(), lambda _, text=text: text)])) for text in (HOSTILE, harmless)}  # type: ignore[misc]
    shapes = {text: Counter(one.tag for one in page.all()) for text, page in pages.items()}
    # A long word of a chart may need no other shape.
    assert shapes[HOSTILE] - shapes[harmless] - Counter({"br": 99, "p": 9}) == Counter()
    written = " ".join(one.text() for one in pages[HOSTILE].all("html"))
    assert written.count(whole) >= 100
    outside = written.replace(whole, "")
    assert "alert(" not in outside.replace(printable(HOSTILE.split("\r\n")[0]), "")
    assert all(one.isprintable() or one == "\n" for one in html([hostile()]))


def test_several_deployments_are_one_page() -> None:
    """An overview first, with a link to each; no id is there twice."""
    reviews = [dataclasses.replace(make(), week=dataclasses.replace(make().week, deployment=f"shop-{number}")) for number, make in zip(count(1), (calm, bad, empty), strict=False)]  # fmt: skip
    page = read(html(reviews))
    ids = [one.get("id") for one in page.all() if one.get("id")]
    assert len(ids) == len(set(ids))
    (overview,) = [one for one in page.all("table") if one.get("data-key") == "overview"]
    rows = [one for one in overview.all("tr") if one.get("data-row")]
    assert [one.get("data-row") for one in rows] == ["shop-1", "shop-2", "shop-3"]
    assert [next(words(cell) for cell in row.all("td")) for row in rows] == ["MET", "BREACHED", "UNMEASURED"]
    assert [one.get("href") for row in rows for one in row.all("a")] == ["#r1", "#r2", "#r3"]
    assert page.text().index("In short") < page.text().index("What changed")
    assert [one.get("href").partition("-")[0] for one in page.all("a") if one.get("href")[1:2] == "r" and "-" in one.get("href")] != []  # fmt: skip
    assert len(page.all("article")) == 3


def test_forty_objectives_are_forty_rows() -> None:
    """None is left out."""
    page = read(html([forty()]))
    (table,) = [one for one in page.all("table") if one.get("data-key") == "objectives"]
    assert len([one for one in table.all("tr") if one.get("data-row")]) == 40
