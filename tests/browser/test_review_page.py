"""A review's page as a browser shows it, on a screen, on a telephone and on paper.

Pictures are left in ``.review-pictures/``, for whoever wants to look at them.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deployspec.outputs.review import html
from tests.browser.chromium import PROGRAM, Browser, browser, page
from tests.outputs.review.examples import ALL, bad, calm, empty
from tests.suite import ROOT

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is not here, which shows the pages (Debian's package of that name)"),
]  # fmt: skip
PICTURES = ROOT / ".review-pictures"
PAGES = {name: lambda make=make: [make()] for name, make in ALL.items()} | {"several": lambda: [calm(), bad(), empty()]}  # fmt: skip
SCREENS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all."""
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The file of an example, which is made once."""
    folder = tmp_path_factory.mktemp("pages")

    def file(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            path.write_text(html(PAGES[name]()))
        return path

    return file


# Every page on two of the screens, and one with everything on the other two.
@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [(name, width, scheme) for number, (width, scheme) in enumerate(SCREENS) for name in PAGES if number in (0, 3) or name == "bad"],
)  # fmt: skip
def test_it_is_shown(
    chromium: Browser, files: Callable[[str], Path], name: str, width: int, scheme: str
) -> None:
    """Nothing in the console, nothing asked for but the file itself, no scrolling to the side, and every chart is drawn: its
    lines have a length, and its texts a size that can be read."""
    file = files(name)
    with page(chromium, file, width, scheme) as shown:
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / f"{name}-{width}-{scheme}.png").write_bytes(shown.picture())
        assert shown.said() == []
        assert shown.requested() == [file.as_uri()]
        assert shown.width() <= width
        # On a telephone, what is wide is no table that one scrolls in, but a card a row.
        scrolled = "[...document.querySelectorAll('.scroll')].filter(one => !one.closest('figure') && one.scrollWidth > one.clientWidth).map(one => one.innerHTML)"
        shown.value("for (const one of document.querySelectorAll('.fold')) one.open = !one.open")
        assert shown.value(scrolled) == [] or name == "hostile"
        charts = shown.value(
            """[...document.querySelectorAll("figure > svg")].map(svg => ({
                width: svg.getBoundingClientRect().width,
                longest: Math.max(...[...svg.querySelectorAll("path")].map(path => path.getTotalLength())),
                smallest: Math.min(...[...svg.querySelectorAll("text")].map(text =>
                    parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a)),
                colours: [...svg.querySelectorAll("path")].map(path => getComputedStyle(path).stroke
                    + getComputedStyle(path).fill),
            }))"""
        )
        assert len(charts) == file.read_text().count('role="img"')
        for chart in charts:
            assert chart["width"] > 250
            assert chart["longest"] > 100
            assert chart["smallest"] > 8
            assert any(re.search(r"rgb\((\d+), (?!\1)", colour) for colour in chart["colours"])
        # No text lies over its neighbour, and a sign has the colour of what it says, wherever it stands.
        over = shown.value(
            "[...document.querySelectorAll('th, td')].filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
        )
        assert over == []
        colours = {
            *shown.value(
                "[...document.querySelectorAll('.sign')].map(one => one.className + ' ' + getComputedStyle(one).color)"
            )
        }
        assert (
            len(colours)
            == len({one.partition(" rgb")[0] for one in colours})
            == len({one.partition("rgb")[2] for one in colours})
        )
        # Its texts ran as no script, and no name of a global became one of theirs.
        assert shown.value("document.scripts.length + document.images.length") == 0


def test_dark_is_dark(chromium: Browser, files: Callable[[str], Path]) -> None:
    """And paper is white, whatever the screen is."""
    seen = []
    for scheme, medium in (("light", ""), ("dark", ""), ("dark", "print")):
        with page(chromium, files("calm"), 1280, scheme) as shown:
            if medium:
                shown.ask("Emulation.setEmulatedMedia", media=medium, features=[{"name": "prefers-color-scheme", "value": scheme}])  # fmt: skip
            seen.append(shown.value("getComputedStyle(document.body).backgroundColor"))
    assert seen == ["rgb(246, 246, 243)", "rgb(21, 21, 20)", "rgb(255, 255, 255)"]


def test_a_number_leads_to_its_source(chromium: Browser, files: Callable[[str], Path]) -> None:
    """By a click: its row can be seen, and stands out."""
    with page(chromium, files("bad")) as shown:
        shown.value("document.querySelector('td[data-column=\"Budget spent\"] a').click()")
        row = shown.value("(r => [r.dataset.source, r.getBoundingClientRect().top < innerHeight])(document.querySelector('tr:target'))")  # fmt: skip
        assert row == ["q-api-latency-7d", True]


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core, where npm can install it."""
    if shutil.which("npm") is None:
        pytest.skip("npm, which installs axe-core, is not here")
    if not list((ROOT / ".axe").glob("*/node_modules")):
        ping = ["npm", "ping", "--fetch-retries=0", "--fetch-timeout=20000"]
        if subprocess.run(ping, capture_output=True, timeout=60, check=False).returncode != 0:
            pytest.skip("npm's registry, which has axe-core, does not answer")
    done = subprocess.run([ROOT / "scripts/axe"], capture_output=True, text=True, timeout=330, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip()).read_text()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing(chromium: Browser, files: Callable[[str], Path], axe: str, name: str, width: int, scheme: str) -> None:  # fmt: skip
    """Nothing at all of WCAG 2.2 up to AA, nor of its best practices that are serious or critical; contrast among it."""
    with page(chromium, files(name), width, scheme) as shown:
        shown.value("for (const one of document.querySelectorAll('details')) one.open = true")
        shown.value(axe)
        found: dict[str, Any] = json.loads(shown.value("axe.run().then(found => JSON.stringify(found))"))
    told = [
        f"{one['impact']}: {one['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        or {"wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"} & {*one["tags"]}
        for node in one["nodes"][:3]
    ]
    assert told == []
    assert {"color-contrast", "scrollable-region-focusable", "svg-img-alt"} <= {one["id"] for one in found["passes"]} or name == "empty"  # fmt: skip


MARK = """
(() => {
    const tables = [...document.querySelectorAll("table")].filter(one => !one.closest("figure details"));
    return tables.flatMap((table, place) => [...table.rows].map((row, number) => {
        const name = "Q" + place + (row.parentElement.tagName === "THEAD" ? "H" : "R") + number + "Q";
        for (const cell of row.cells) for (const where of ["prepend", "append"]) {
            const mark = document.createElement("span");
            mark.textContent = name;
            mark.style = "font-size: 2px; display: inline-block";
            cell[where](mark);
        }
        return name + ":" + 2 * row.cells.length;
    }));
})()
"""
"""Puts the name of its row at the beginning and at the end of each cell that is printed; gives the names, and how often each is
there."""
WORD = re.compile(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">([^<]*)</word>')
MARKS = re.compile(r"Q\d+[HR]\d+Q")


@pytest.mark.parametrize("name", PAGES)
def test_no_table_is_cut_on_paper(
    chromium: Browser, files: Callable[[str], Path], name: str, tmp_path: Path
) -> None:
    """All that is in a row is on one page of A4, and above it there the head of its table; what stands at the right is not
    beyond the edge."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not here, which reads the printed page (Debian's package poppler-utils)")
    with page(chromium, files(name)) as shown:
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / f"{name}.pdf").write_bytes(shown.printed())
        expected = {*shown.value(MARK)}
        (tmp_path / "page.pdf").write_bytes(shown.printed())
    asked = ["pdftotext", "-bbox", tmp_path / "page.pdf", "-"]
    said = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=True).stdout
    places: dict[str, list[int]] = defaultdict(list)
    for number, sheet in enumerate(said.split("<page ")[1:]):
        width, height = (float(one) for one in re.findall(r'(?:width|height)="([\d.]+)"', sheet)[:2])
        assert (width, height) == pytest.approx((595, 842), abs=1.5)
        there: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for left, top, right, bottom, word in WORD.findall(sheet):
            # Where they touch, several are one word.
            for mark in MARKS.findall(word):
                assert 0 <= float(left) <= float(right) <= width, mark
                assert 0 <= float(top) <= float(bottom) <= height, mark
                places[mark].append(number)
                there[mark.partition("R")[0].partition("H")[0]].append((mark, float(top)))
        for table, marks in there.items():
            heads = [top for mark, top in marks if "H" in mark]
            # Chromium repeats no head that takes a quarter of the page.
            if name != "hostile":
                assert bool(heads) == any(one.startswith(f"{table}H") for one in expected), (
                    f"{number}: {table}"
                )
            assert all(top > min(heads) for mark, top in marks if "R" in mark and heads)
    # Each cell has its mark twice; a head is there again on each page.
    rows = {mark: pages for mark, pages in places.items() if "R" in mark}
    assert {mark.partition(":")[0]: int(mark.partition(":")[2]) for mark in expected if "R" in mark} == {
        mark: len(pages) for mark, pages in rows.items()
    }
    assert {mark: pages for mark, pages in rows.items() if len({*pages}) > 1} == {}
