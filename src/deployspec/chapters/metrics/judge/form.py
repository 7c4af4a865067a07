"""The form of the page: its Content-Type, what the format has against it, and counters that only rise.

A page is judged by the format that it says it has, and each reason says what a Prometheus 2.42 and a 3.5 make of it. A line that
cannot be read is BREACHED in ``well_formed`` alone: a histogram that lacks something because of it is UNMEASURED.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from deployspec.base.shown import counted, one_line
from deployspec.languages.exposition import Effect, Exposition, Family, Trouble
from deployspec.languages.exposition.lines import canonical
from deployspec.languages.exposition.media_type import MediaType
from deployspec.languages.exposition.model import SUFFIXES, name_of
from deployspec.languages.exposition.rules import RULES, Aspect
from deployspec.languages.promtool.metrics import MetricLint
from deployspec.model.verdict import Verdict, breached, met, unmeasured

WELL_FORMED = "metrics.well-formed"
"""The check that owns what cannot be read."""
_WHOLE = "metrics.is-whole"
"""That which owns a page without series, and one that was not read to its end."""
_MISSING = frozenset({"histogram-infinity", "histogram-count", "histogram-sum"})
"""What a line that could not be read may be the cause of."""
_UNREAD = frozenset(
    {
        "syntax",
        "value",
        "timestamp",
        "timestamp-sign",
        "utf-8",
        "carriage-return",
        "exemplar",
        "exemplar-in-text",
    }
)
"""Rules whose breach costs us the line."""
_START = b"process_start_time_seconds"
_SUMMING = {
    "counter": ("", "_total"),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("_count", "_sum"),
}
"""By the type of a family: which of its samples only rise."""


def content_type_is_accepted(media: MediaType) -> Verdict:
    """Prometheus 3 scrapes a target only where the answer says in which format it is: text or OpenMetrics."""
    limit = "text/plain or application/openmetrics-text, as Prometheus 3 wants it"
    if media.trouble:
        text = f"{media.trouble}; expected {limit}: Prometheus 3 does not scrape the target, and its up is 0"
        return breached(text, limit=limit)
    version = media.parameters.get("version", "")
    said = f"{media.form}" if media.form is not None else "a format"
    return met(
        f"the Content-Type says {said}" + (f", version {one_line(version, 20)}" if version else ""),
        limit=limit,
    )


def is_whole(page: Exposition) -> Verdict:
    """The page has series, and was read to its end, within the limits."""
    limit = "at least one series, within the limits of size, of a line and of series"
    if not page.whole:
        found = _stop(page)
        return breached(f"{found.text}, in line {found.line}", limit=limit)
    size = f"{len(page.index):,} series in {page.size:,} bytes"
    if not page.index and any(page.counts.get(rule) for rule in _UNREAD):
        return unmeasured(f"no line could be read as a series (see {WELL_FORMED})", limit=limit)
    if not page.index:
        return breached(f"the page has no series ({page.size:,} bytes); expected one at least", limit=limit)
    return met(size, measured=size, limit=limit)


def well_formed(page: Exposition, *, has_any_name: bool = False) -> Verdict:
    """Each line is as the format has it. ``has_any_name``: names in quotes were agreed on."""
    return _judged(page, Aspect.SYNTAX, "each line is as the format has it", has_any_name=has_any_name)


def series_once(page: Exposition) -> Verdict:
    """No series stands twice on the page: Prometheus keeps the first, and its ``up`` stays 1."""
    return _judged(page, Aspect.SERIES, "each series once")


def types_constant(page: Exposition, later: Exposition | None = None) -> Verdict:
    """Each name has one TYPE and one HELP, before its samples, which stand together; and the same at the next scrape."""
    verdict = _judged(page, Aspect.TYPES, "one TYPE and one HELP for each name, before its samples")
    if verdict.outcome != "MET" or later is None:
        return verdict
    families = {family.name: family for family in page.families}
    for family in later.families:
        before = families.get(family.name)
        if before is not None and before.type != family.type:
            text = (
                f"{one_line(family.name, 80)} was a {before.type} in line {before.line}, and is a {family.type} in line "
                f"{family.line} of the next scrape; expected types not to change"
            )
            return breached(text, limit=verdict.limit)
        if before is not None and before.help != family.help and None not in (before.help, family.help):
            text = (
                f"the HELP of {one_line(family.name, 80)} was {one_line(before.help or 'empty', 60)} (line {before.line}), and is "
                f"{one_line(family.help or 'empty', 60)} in line {family.line} of the next scrape; expected it not to change"
            )
            return breached(text, limit=verdict.limit)
    return verdict


def timestamps_fresh(page: Exposition) -> Verdict:
    """Samples have no timestamps, or such as a Prometheus stores and a query for now finds."""
    return _judged(page, Aspect.TIMES, "no timestamps, or such of now")


def sums_add_up(page: Exposition) -> Verdict:
    """Buckets are cumulative, that of +Inf is there and is the count; quantiles and counters are what they can be."""
    return _judged(page, Aspect.SUMS, "buckets are cumulative, and that of +Inf is the count")


def troubles_of(page: Exposition, aspect: Aspect, *, has_any_name: bool = False) -> list[Trouble]:
    """What is wrong in this respect, for evidence: those that cost samples first, then by line."""
    found = [
        one
        for one in page.troubles
        if RULES[one.rule].aspect is aspect
        and not one.rule.startswith("limit-")
        and not RULES[one.rule].is_listed
        and not (has_any_name and one.rule == "quoted-name")
    ]
    return sorted(found, key=lambda one: (_weight(one), one.line))


def listed_troubles(page: Exposition, aspect: Aspect) -> list[Trouble]:
    """What the format forbids and every server takes as it is meant, as libraries in wide use write it: no breach."""
    return [one for one in page.troubles if RULES[one.rule].is_listed and RULES[one.rule].aspect is aspect]


def line_of(trouble: Trouble) -> str:
    """One trouble on one line, with its place and what both servers make of it."""
    where = f"line {trouble.line}" + (f", column {trouble.column}" if trouble.column > 1 else "")
    return f"{where}: {trouble.text} ({trouble.servers})"


def line_with_rule(trouble: Trouble) -> str:
    """The same with the rule's id, for evidence: docs/exposition.md has a table of them."""
    return f"{line_of(trouble)} [{trouble.rule}]"


def _weight(trouble: Trouble) -> int:
    worst = (Effect.REFUSES, Effect.LOSES, Effect.UNSEEN, Effect.ALTERS, Effect.NOTHING)
    return min(worst.index(trouble.old), worst.index(trouble.new))


def _judged(page: Exposition, aspect: Aspect, limit: str, *, has_any_name: bool = False) -> Verdict:
    found = troubles_of(page, aspect, has_any_name=has_any_name)
    hidden = 0
    if any(page.counts.get(rule) for rule in _UNREAD):
        hidden = len(found)
        found = [one for one in found if one.rule not in _MISSING]
        hidden -= len(found)
    if found:
        rules = {one.rule for one in found}
        number = sum(count for rule, count in page.counts.items() if rule in rules)
        more = f"; and {number - 1} more" if number > 1 else ""
        return breached(line_of(found[0]) + more, measured=counted(number, "trouble"), limit=limit)
    if hidden:
        return unmeasured(
            f"a line could not be read, so a part may be missing (see {WELL_FORMED})", limit=limit
        )
    if not page.whole:
        return unmeasured(f"the page was read up to line {_stop(page).line} only, a limit", limit=limit)
    if not page.index:
        return unmeasured(f"the page has no series, so there is nothing to judge; see {_WHOLE}", limit=limit)
    said = f"{page.format}: {counted(len(page.families), 'metric')}, {len(page.index):,} series, {limit}"
    return met(said, limit=limit)


def _stop(page: Exposition) -> Trouble:
    """The limit at which reading stopped, of a page that was not read to its end."""
    return next(one for one in page.troubles if one.rule.startswith("limit-"))


def counters_rise(before: Exposition, after: Exposition) -> Verdict:
    """No counter goes back from one scrape to the next, unless the process that has it has started anew.

    A start is told by ``process_start_time_seconds``, or of one counter by its ``_created``. Where the page has neither,
    and everything that had counted is back at less, it is taken for a restart too: then nothing is known. Nor is anything
    where the second page has no number for any counter that had counted.
    """
    limit = "no counter goes back"
    old, new = before.value(_START), after.value(_START)
    if old is not None and new is not None and old != new:
        return unmeasured(
            "another process answered the second scrape: process_start_time_seconds has changed", limit=limit
        )
    compared, gone, fell = 0, 0, []
    for family in before.families:
        for text, number in _rising(before, family):
            value, later = before.values[number], after.value(text)
            if later is None or later != later:
                gone += value > 0
                continue
            compared += value > 0
            if later < value and not _is_new(before, after, family, text):
                fell.append((text, value, later))
    if not fell and not (before.whole and after.whole):
        return unmeasured(f"a page was not read to its end; see {_WHOLE}", limit=limit)
    if not fell and not before.index:
        return unmeasured(f"the page has no series, so there is nothing to judge; see {_WHOLE}", limit=limit)
    if not fell and gone and not compared:
        return unmeasured(
            f"the second scrape has no number for any of {counted(gone, 'counter')} that had counted: nothing to compare",
            limit=limit,
        )
    if not fell:
        return met(
            f"{counted(compared, 'counter')} that had counted did not go back"
            if compared
            else "no counter had counted, so none could go back",
            measured=f"0 of {compared} went back",
            limit=limit,
        )
    if old is None and len(fell) >= compared:
        return unmeasured(
            "all counters went back, as after a restart or where replicas answer in turn, and the page has no "
            "process_start_time_seconds to tell",
            limit=limit,
        )
    text, value, later = fell[0]
    more = f"; and {len(fell) - 1} more" if len(fell) > 1 else ""
    place = after.lines[after.index[text]]
    told = " with the process the same" if old is not None else " while others went on"
    reason = (
        f"{one_line(text.decode('utf-8', 'replace'), 120)} went from {value:.15g} back to {later:.15g} (line {place}){told}"
        f"{more}; expected counters to rise only: rate() takes each step back for a restart, and counts all of it anew"
    )
    return breached(reason, measured=f"{len(fell)} of {compared} went back", limit=limit)


def _rising(page: Exposition, family: Family) -> Iterator[tuple[bytes, int]]:
    names = _SUMMING.get(family.type)
    if names is None:
        return
    wanted = tuple(family.name + suffix for suffix in names)
    for number, text in enumerate(page.texts[family.first : family.last], family.first):
        name = name_of(text)
        if name not in wanted or (name.endswith("_sum") and page.values[number] < 0):
            continue
        yield text, number


def _is_new(before: Exposition, after: Exposition, family: Family, text: bytes) -> bool:
    """Whether the series itself says that it began anew."""
    name = name_of(text)
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    labels = dict(before.series_of(text).labels)
    labels.pop("le", None)
    for base in {name, family.name}:
        key = _series(f"{base}_created", labels)
        old, new = before.value(key), after.value(key)
        if old is not None and new is not None and old != new:
            return True
    return False


def _series(name: str, labels: dict[str, str]) -> bytes:
    escapes = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
    return canonical(
        name.encode(), [(key.encode(), value.translate(escapes).encode()) for key, value in labels.items()]
    )


def placed(lints: Iterable[MetricLint], page: Exposition) -> list[str]:
    """promtool's findings, each with the line of its metric, as evidence and reasons show them."""
    lines = {family.name: family.line for family in page.families}
    found = []
    for lint in lints:
        line = lint.line or lines.get(lint.metric)
        where = f"line {line}: " if line else ""
        found.append(one_line(where + f"{lint.metric} {lint.text}".strip(), 200))
    return found


def promtool_finds_nothing(found: Sequence[str], *, is_promise: bool) -> Verdict:
    """``promtool check metrics`` finds nothing; or, where the deployment file does not promise that, what it finds is listed.

    ``found`` is what :func:`placed` made of it.
    """
    limit = (
        "no finding of promtool check metrics"
        if is_promise
        else "findings of promtool check metrics are listed"
    )
    if not found:
        return met("promtool check metrics finds nothing", measured="0 findings", limit=limit)
    more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
    count = counted(len(found), "finding")
    text = f"promtool check metrics has {count}: {found[0]}{more}"
    return (breached if is_promise else met)(text, measured=count, limit=limit)
