"""A run as Markdown: what stands in it, that texts stay texts, and that it is never too long."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from deployspec.base.shown import printable
from deployspec.model.entry import Accepted, Entry
from deployspec.model.verdict import Proportion
from deployspec.outputs.markdown import ROOM, summary
from deployspec.record.record import Run
from tests.trials import trials

ACCEPTED = Accepted("ann", "known", "2026-12-31", "accepted.yaml:2")
SHARE = Proportion("latency", "load", 970, 1000, 0.95, 0.9583, 0.9791)


def entry(name: str, verdict: str, **more: object) -> Entry:
    """A check's entry."""
    made = {"check": f"checks/test_x.py::test_{name}", "id": f"health.{name}", "chapter": "health", "promise": "it is", "verdict": verdict, "reason": "why", "source": "checks/test_x.py:1"}  # fmt: skip
    return Entry(**{**made, **more})  # type: ignore[arg-type]


def run(*entries: Entry, **more: object) -> Run:
    """A run with these entries."""
    made = {"deployment": "shop", "markers": "gate", "entries": {one.check: one for one in entries}}
    return Run("2026-12-19T23:00:00Z", **{**made, **more})  # type: ignore[arg-type]


def tokens_of(text: str) -> list[Token]:
    """What a reader of Markdown makes of it."""
    made = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    return [one for token in made for one in (token, *(token.children or []))]


def codes(text: str) -> list[str]:
    """All code in it."""
    return [
        token.content.removesuffix("\n")
        for token in tokens_of(text)
        if token.type in ("code_inline", "fence")
    ]


def test_failures_come_first() -> None:
    """BREACHED, UNMEASURED, objectives, what is accepted, what is not selected, and what is MET."""
    text = summary(
        run(
            entry("met", "MET", measured="1 s", limit="at most 2 s", proportion=SHARE, flaky=True),
            entry("unknown", "UNMEASURED", reason="no answer"),
            entry("broken", "BREACHED", measured="3 s", reproduce="curl 'http://shop/'\ntrue"),
            entry("lived-with", "BREACHED", accepted=ACCEPTED),
            not_described={"logs.a": "logs"},
        )
    )
    assert (
        text
        == """\
## deployspec: BREACHED

`shop`: 2 BREACHED, 1 UNMEASURED, 1 MET (1 accepted, 1 flaky), with `-m gate`

### BREACHED

#### `health.broken`

- found: `why`
- measured: `3 s`
- promise: `it is`
- check: `checks/test_x.py:1`

```sh
curl 'http://shop/'
true
```

### UNMEASURED

#### `health.unknown`

- found: `no answer`
- promise: `it is`
- check: `checks/test_x.py:1`

### Objectives

| check | counted by | good | 95% interval | target | verdict |
| --- | --- | --- | --- | --- | --- |
| `health.met` | a load run | `97.00% of 1,000` | `95.83% to 97.91%` | `95%` | MET |

### Accepted

| check | verdict | reason | until | accepted by | because |
| --- | --- | --- | --- | --- | --- |
| `health.lived-with` | BREACHED | `why` | `2026-12-31 (12 days left)` | `ann` | `known` |

### Not selected, because the deployment file does not describe or allow it

| check | needs |
| --- | --- |
| `logs.a` | `logs` |

### MET

| check | measured | limit |  |
| --- | --- | --- | --- |
| `health.met` | `1 s` | `at most 2 s` | flaky |
"""
    )


# one: a run; verdict: the word of its first line; line: what it says beside.
@pytest.mark.parametrize(
    ("one", "verdict", "line"),
    [
        pytest.param(run(entry("a", "MET")), "MET", "1 MET", id="met"),
        pytest.param(run(entry("a", "BREACHED", accepted=ACCEPTED)), "MET", "1 BREACHED (1 accepted)", id="accepted"),
        pytest.param(run(entry("a", "UNMEASURED")), "UNMEASURED", "1 UNMEASURED", id="unmeasured"),
        pytest.param(run(entry("a", "MET"), empty_markers=["slo"]), "UNMEASURED", "-m gate, of which slo is a chapter, selected no checks of it", id="empty-marker"),
        pytest.param(run(entry("a", "MET"), cut_short="killed"), "UNMEASURED", "incomplete: killed", id="cut-short"),
        pytest.param(run(entry("a", "MET", asks=False)), "UNMEASURED", "no check asked shop anything", id="asked-nothing"),
        pytest.param(run(), "UNMEASURED", "no check ran", id="nothing"),
        pytest.param(run(entry("a", "MET", met_again="MET again, and so on")), "MET again, but still accepted", "MET again, and so on", id="met-again"),
        pytest.param(run(entry("a", "MET", met_again="MET again"), entry("b", "UNMEASURED")), "UNMEASURED", "1 UNMEASURED", id="met-again-and-unmeasured"),
    ],
)  # fmt: skip
def test_one_line_says_what_became_of_it(one: Run, verdict: str, line: str) -> None:
    """The gravest of what fails, and why a run of MET checks alone may be none that is."""
    text = summary(one)
    assert text.startswith(f"## deployspec: {verdict}\n")
    assert line in text


def test_what_kept_it_from_beginning_is_said() -> None:
    """Each problem of a deployment file on a line of its own."""
    text = summary(run(), "a.yaml:1:1: found x; expected y\na.yaml:2:1: found z; expected y")
    assert text.startswith("## deployspec: UNMEASURED\n")
    assert codes(text)[-2:] == ["a.yaml:1:1: found x; expected y", "a.yaml:2:1: found z; expected y"]


NASTY = [
    "<script>alert(1)</script>", "<!-- ", "</details>", "![x](http://evil.example/x.png)", "[x](javascript:y)", "[^1]", "[^1]: x",
    "@team", "#1", "GH-1", "| a | b |", "\\|", "a\\", "$x^2$", "$`x`$", "$$", "```", "````sh", "`", "``", "~~~", "\x1b[31m", "\u202e", "\u2028",
    "&lt;", "&#64;x", "http://evil.example", "www.evil.example", "* a", "# a", "> a", "---", "\n\n<b>", "\r", "\ud800", "::error::x", " ", ":+1:",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(NASTY) | st.text(max_size=8), min_size=1, max_size=6).map("".join)


def compared(text: str) -> dict[str, object]:
    """A comparison with an earlier run, in the words of the run record."""
    figure = {"name": text, "kind": "latency", "before": 0.1, "after": 0.2, "change": 1.0, "low": 0.5, "high": 1.5, "samples": [9, 9], "needed": None}  # fmt: skip
    return {
        "baseline": {"started": "2026-01-01T00:00:00.000Z", "id": "0123456789"},
        "margin": 0.05,
        "figures": [{**figure, "judgement": "regressed"}, {**figure, "judgement": "no worse"}],
        "not_compared": [text],
    }


def test_what_changed_since_the_baseline() -> None:
    """As the terminal says it, between what fails and the objectives."""
    text = summary(run(entry("a", "BREACHED"), added={"comparison": compared("p95 of all requests")}))
    assert (
        text.partition("### Since the baseline\n")[2]
        == """
`compared with the run of 2026-01-01T00:00:00Z (01234567):`

- `regressed by more than 5%: p95 of all requests: 100 ms to 200 ms, +100.0% (+50.0% to +150.0%)`
- `no worse by more than 5%: p95 of all requests`
- `not compared: p95 of all requests`
"""
    )


def full_of(text: str) -> str:
    """The summary of a run in which every text is this one."""
    mean = dict.fromkeys(("id", "promise", "reason", "measured", "limit", "reproduce"), text)
    mean["source"] = f"{text}:1"
    return summary(
        run(
            entry("a", "BREACHED", **mean),
            entry("b", "UNMEASURED", accepted=Accepted(text, text, text, text), **mean),
            entry("c", "MET", proportion=Proportion(text, text, 1, 2, 0.5), **mean),
            entry("d", "MET", met_again=text, **mean),
            deployment=text,
            base_url=text,
            markers=text,
            maintenance=text,
            not_described={text: text},
            added={"comparison": compared(text)},
        ),
        refused=text,
    )


def inline_codes(markdown: str, text: str) -> int:
    """How often a text stands in it as code."""
    return [token.content.strip() for token in tokens_of(markdown) if token.type == "code_inline"].count(text)


PLAIN = inline_codes(full_of("plain"), "plain")


@settings(max_examples=trials(300), deadline=None)
@given(TEXTS)
def test_a_text_is_a_text(text: str) -> None:
    """Whatever a deployment sends is found again as code, each character that prints as itself; nothing is made of it."""
    told = full_of(text)
    kinds = {token.type for token in tokens_of(told)}
    assert not any(kind.startswith(("html", "link", "image", "em", "strong", "s_", "hr", "blockquote")) for kind in kinds)  # fmt: skip
    outside = "".join(token.content for token in tokens_of(told) if token.type == "text")
    assert not set("<>@#$[]`\\~*|&") & set(outside)
    assert all(one.isprintable() for one in told.replace("\n", ""))
    if text.strip() and text.splitlines() == [text]:
        assert inline_codes(told, printable(text).strip()) == PLAIN
        rows = [token for token in tokens_of(told) if token.type == "tr_open"]
        assert len(rows) == 8, "each table has its head and one row"


def test_every_text_of_an_entry_is_among_those() -> None:
    """A new field is looked at before it is shown."""
    assert {field.name for field in fields(Entry)} == {
        *("check", "id", "chapter", "promise", "verdict", "reason", "measured", "limit", "flaky", "reproduce", "evidence"),
        *("duration", "waited", "source", "asks", "proportion", "accepted", "met_again", "defect"),
    }  # fmt: skip


@pytest.mark.parametrize("room", [1_000, 20_000, 200_000, ROOM])
def test_it_keeps_to_the_room(room: int) -> None:
    """In bytes of UTF-8: what is MET gives way first, then UNMEASURED, then BREACHED; and it says how many."""
    long = "ü" * 500
    many = [entry(f"{verdict}{number}", verdict, measured=long, limit=long) for verdict in ("MET", "BREACHED", "UNMEASURED") for number in range(600)]  # fmt: skip
    text = summary(run(*many), room=room)
    assert len(text.encode()) <= room
    kept = [sum(text.count(f"health.{verdict}{number}`") for number in range(600)) for verdict in ("BREACHED", "UNMEASURED", "MET")]  # fmt: skip
    assert all(more == 0 for less, more in pairwise(kept) if less < 600)
    left = [f"{600 - number} {verdict}" for number, verdict in zip(kept, ("BREACHED", "UNMEASURED", "MET"), strict=True) if number < 600]  # fmt: skip
    assert f"Left out: {', '.join(left)}." in text


def test_one_long_text_takes_no_others_place() -> None:
    """It is cut; a command that is cut would be another one, and is left out."""
    text = summary(
        run(entry("a", "BREACHED", reason="x" * 3_000_000, reproduce="y" * 9000), entry("b", "MET"))
    )
    assert len(text.encode()) < 10_000
    assert "the command is too long" in text
    assert "`health.b`" in text
