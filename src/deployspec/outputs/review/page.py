"""Reviews as one page: a file of its own that loads nothing and needs no script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import groupby
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup, escape

from deployspec.model.review import Cell, Figure, Fold, Review, Section, Table, Tone
from deployspec.outputs.review import figures, words

_SPOKEN = {Tone.GOOD: "good", Tone.BAD: "bad", Tone.UNKNOWN: "not known"}
"""What is read out in place of a sign."""


_LONG_WORD = 24
"""Characters of a word that takes too much of a table's width."""
_NARROW = 3
"""Columns of a table that has room beside a figure, and on a telephone."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class _Part(NamedTuple):
    """A paragraph, a table or a figure, under a name that is the page's own."""

    id: str
    kind: str
    it: Any
    picture: figures.Picture | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether it is a table of few columns."""
        return self.kind == "table" and len(self.it.columns) <= _NARROW


class _Shown(NamedTuple):
    """A section, with its anchor."""

    id: str
    it: Section
    parts: list[_Part]

    def folds(self) -> Iterator[tuple[Fold | None, list[list[_Part]]]]:
        """What follows one another under the same head, and of that what stands side by side: figures, with a narrow table
        before them."""
        for fold, parts in groupby(self.parts, key=lambda part: getattr(part.it, "fold", None)):
            beside: list[list[_Part]] = []
            for part in parts:
                last = beside[-1][-1] if beside else None
                if part.kind == "figure" and last and (last.kind == "figure" or last.is_narrow):
                    beside[-1].append(part)
                else:
                    beside.append([part])
            yield fold, beside


class _Page(NamedTuple):
    """A review, with what the page makes of it."""

    id: str
    review: Review
    sections: list[_Shown]
    cited: dict[str, words.Cited]

    def sentence(self) -> str:
        """Its sentence, without the verdict that stands before it anyway."""
        return self.review.sentence.removeprefix(f"{self.review.verdict}: ")

    def anchor(self, source: str) -> str:
        """Where a source stands; empty where there is none."""
        return f"{self.id}-source-{self.cited[source].number}" if source in self.cited else ""


def html(reviews: Sequence[Review]) -> str:
    """The whole page. Raises ImportError where Jinja2 or, for a figure, matplotlib is not installed."""
    pages = [_page(review, f"r{number}") for number, review in enumerate(reviews, 1)]
    return _environment().get_template("page.html").render(pages=pages, style=_style())


def _page(review: Review, name: str) -> _Page:
    shown = []
    sections = list(review.sections)
    sources = words.cited(review)
    if sources and not any(section.key == words.MADE for section in sections):
        sections.append(Section(words.MADE, "How it was made"))
    for section in sections:
        own = f"{name}-{_slug(section.key)}"
        shown.append(_Shown(own, section, list(_parts(section, own))))
    return _Page(name, review, shown, sources)


def _parts(section: Section, name: str) -> Iterator[_Part]:
    for number, part in enumerate(section.parts, 1):
        own = f"{name}-{number}"
        if isinstance(part, Figure):
            yield _Part(own, "figure", part, figures.drawn(part, own))
        else:
            yield _Part(own, "table" if isinstance(part, Table) else "text", part)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


@lru_cache
def _style() -> Markup:
    return Markup(files(__package__).joinpath("page.css").read_text("utf-8"))  # noqa: S704 - our own


@lru_cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("deployspec.outputs.review", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_final,
    )
    environment.globals |= {
        "MADE": words.MADE,
        "Tone": Tone,
        "at": words.at,
        "broken": _broken,
        "dated": _dated,
        "fit": _fit,
        "heading": words.heading,
        "left_out": words.left_out,
        "lines": words.lines,
        "period": words.period,
        "sign": _sign,
        "svg": Markup,
        "tone_of": words.tone_of,
        "value": _value,
        "zip": zip,
    }
    return environment


def _final(value: object) -> object:
    """Whatever is written: a text that prints as itself."""
    return words.shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _sign(tone: Tone) -> Markup:
    """A tone for whoever sees no colours, and for whoever sees nothing."""
    if tone not in words.SIGNS:
        return Markup()
    return Markup('<span class="sign {0}" aria-hidden="true">{1}</span><span class="spoken">{2}: </span>').format(
        tone.value, words.SIGNS[tone], _SPOKEN[tone]
    )  # fmt: skip


def _dated(text: str) -> Markup:
    """A text whose dates are not broken at their hyphens."""
    return Markup(_DATE.sub(r'<span class="date">\g<0></span>', str(escape(words.shown(text)))))  # noqa: S704 - escaped


def _fit(cell: Cell) -> str:
    """How a cell's text may be broken: not at all, between words, or anywhere, where a word is too long for a column."""
    return _broken(f"{cell.text} {cell.note}") or (" short" if len(cell.text) <= _LONG_WORD else "")


def _broken(text: str) -> str:
    return " long" if max(map(len, text.split()), default=0) > _LONG_WORD else ""


def _value(number: float | None) -> Markup:
    return Markup() if number is None else Markup(' data-value="{}"').format(repr(float(number)))
