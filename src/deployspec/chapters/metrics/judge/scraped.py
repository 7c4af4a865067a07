"""Whether a Prometheus takes over what the endpoint has: it is scraped, soon enough, whole, and under its own names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from deployspec.base.problems import listed
from deployspec.base.shown import counted, nearest, one_line, seconds
from deployspec.languages.exposition.model import Exposition, name_of
from deployspec.languages.promql.selectors import Selector
from deployspec.model.verdict import Verdict, breached, met, unmeasured

UP = "metrics.is-scraped"
"""The check that owns a target that is not scraped."""
TEN = 10
"""Of so many scrapes one may be slow."""
_UNSHOWN = (
    "does not show the configuration of its job (as with scrape_config_files), which may leave some out"
)
INTERVALS = 4
"""How many scrapes a range has to span: with one lost, a rate still has what it needs."""
_SHOWN = 3
_PARTLY = "the page was not read to its end; see metrics.is-whole"
_SUFFIXES = ("_bucket", "_sum", "_count")


@dataclass(frozen=True)
class Target:
    """A target of Prometheus. Times are in seconds."""

    job: str
    url: str
    labels: Mapping[str, str]
    health: str
    """``up``, ``down``, or ``unknown`` before the first scrape."""
    last_error: str
    last_scrape: float
    """When it began, since 1970; 0 where there was none."""
    interval: float
    timeout: float
    pool: str = ""
    """The job's name in the configuration: the label ``job`` may have been given another value."""


@dataclass(frozen=True)
class Quickness:
    """How long a target's scrapes took in Prometheus' window."""

    target: Target
    took: Sequence[float]
    """Seconds, of each scrape."""

    @property
    def slow(self) -> int:
        """How many took half of the interval or longer."""
        return sum(one >= self.target.interval / 2 for one in self.took)

    @property
    def is_open(self) -> bool:
        """Whether one slow scrape of a few leaves open how many of ten are slow."""
        return self.slow == 1 and len(self.took) < TEN


@dataclass(frozen=True)
class Taken:
    """What Prometheus took of a target's last scrape, in samples."""

    target: Target
    scraped: float | None
    """None where Prometheus has no such number."""
    kept: float | None
    """After ``metric_relabel_configs``."""
    limit: float | None
    """``sample_limit``; None or 0 where there is none."""
    drops: bool | None
    """Whether the configuration of the job may drop or rename what is scraped; None where Prometheus does not show it."""


OF_TARGETS = ("instance", "job")
"""The labels by which the series of a target are found."""


@dataclass(frozen=True)
class Arrived:
    """The names that Prometheus has of a target."""

    targets: tuple[Target, ...]
    names: frozenset[str]
    labels: frozenset[str]
    native: frozenset[str]
    """Of those, the ones that are native histograms, without series for buckets."""
    read_by_rules: frozenset[str]
    """The names of metrics that loaded rules read."""
    drops: bool | None


@dataclass(frozen=True)
class Range:
    """A range in a loaded rule."""

    rule: str
    selector: Selector


def is_scraped(targets: Sequence[Target], who: str) -> Verdict:
    """Prometheus scrapes each target of the endpoint, and its last scrape went well."""
    limit = "up, without an error"
    waiting = [one for one in targets if one.health == "unknown" and not one.last_error]
    bad = [one for one in targets if (one.health != "up" and one not in waiting) or one.last_error]
    if bad:
        one = bad[0]
        error = f": {one_line(one.last_error, 200)}" if one.last_error else ""
        more = f"; and {len(bad) - 1} more of {len(targets)} targets" if len(bad) > 1 else ""
        reason = f"{_called(one)} is {one.health}{error}{more}; expected up"
        return breached(reason, measured=f"{len(bad)} of {len(targets)} down", limit=limit)
    if waiting:
        return unmeasured(f"{who} has not scraped {_called(waiting[0])} yet", limit=limit)
    return met(
        f"{who} scrapes {listed([_called(one) for one in targets[:_SHOWN]], 'and')}"
        f"{f' and {len(targets) - _SHOWN} more' if len(targets) > _SHOWN else ''}, up",
        measured=f"{len(targets)} up",
        limit=limit,
    )


def _called(target: Target) -> str:
    return f"the target {one_line(target.url, 120)} (job {one_line(target.job, 60)})"


def scrapes_are_quick(found: Sequence[Quickness]) -> Verdict:
    """Nine of ten scrapes of each target took less than half of the interval between two."""
    limit = "less than half of the scrape interval, nine of ten"
    known = [one for one in found if one.took]
    if not known:
        return unmeasured(f"Prometheus has no scrape in its window; see {UP}", limit=limit)
    for one in known:
        half = one.target.interval / 2
        if TEN * one.slow > len(one.took) and not one.is_open:
            reason = (
                f"{one.slow} of {counted(len(one.took), 'scrape')} of {_called(one.target)} took half of its interval or longer, up to "
                f"{seconds(max(one.took), half)}; expected less than {seconds(half)} of nine in ten: beyond "
                f"{seconds(one.target.timeout)} nothing is stored"
            )
            return breached(reason, measured=f"{one.slow} of {len(one.took)} slow", limit=limit)
    for one in known:
        if one.is_open:
            took = seconds(max(one.took), one.target.interval / 2)
            text = f"one of {counted(len(one.took), 'scrape')} of {_called(one.target)} took {took}, and with fewer than {TEN} that is no share yet"
            return unmeasured(text, limit=limit)
    worst = max(known, key=lambda one: one.slow / len(one.took))
    slowest = seconds(max(worst.took), worst.target.interval / 2)
    return met(
        f"{worst.slow} of {counted(len(worst.took), 'scrape')} took half of the interval of {seconds(worst.target.interval)} or longer; "
        f"the slowest took {slowest}",
        measured=f"{worst.slow} of {len(worst.took)} slow",
        limit=limit,
    )


def nothing_is_dropped(found: Sequence[Taken], page: Exposition | None) -> Verdict:
    """All samples of a scrape are kept: no limit is near, and nothing but the configuration's own rules drops any."""
    limit = "as many samples kept as scraped"
    known = [one for one in found if one.scraped and one.kept is not None and one.target.health == "up"]
    if not known:
        return unmeasured(f"Prometheus has no scrape with samples; see {UP}", limit=limit)
    for one in known:
        scraped, kept = one.scraped or 0.0, one.kept or 0.0
        if kept < scraped and one.drops is None:
            text = f"of {scraped:g} samples of {_called(one.target)} Prometheus kept {kept:g}, and {_UNSHOWN}"
            return unmeasured(text, limit=limit)
        if kept < scraped and not one.drops:
            reason = f"of {scraped:g} samples of {_called(one.target)} Prometheus kept {kept:g}; expected all"
            return breached(reason, measured=f"{scraped - kept:g} dropped", limit=limit)
        if one.limit and kept > 0.9 * one.limit:
            reason = (
                f"{_called(one.target)} has {kept:g} samples, and beyond its sample_limit of {one.limit:g} the whole scrape "
                "is refused; expected at most nine tenths of it"
            )
            return breached(reason, measured=f"{kept:g}", limit=limit)
    lost = 0 if page is None else page.counts.get("series-twice", 0) + page.counts.get("bucket-twice", 0)
    if lost:
        return unmeasured(
            f"the page has {lost:,} series twice, which Prometheus counts and loses; see metrics.series-once",
            limit=limit,
        )
    first = known[0]
    dropped = sum((one.scraped or 0.0) - (one.kept or 0.0) for one in known)
    by_rule = f"; metric_relabel_configs leave out {dropped:g}" if dropped else ""
    return met(
        f"Prometheus keeps {first.kept:g} of {first.scraped:g} samples of a scrape{by_rule}",
        measured=f"{first.kept:g} of {first.scraped:g}",
        limit=limit,
    )


def sample_names(page: Exposition) -> frozenset[str]:
    """The names of all series."""
    return frozenset(map(name_of, page.index))


def brought(page: Exposition) -> frozenset[tuple[tuple[str, str], ...]]:
    """The labels that tell targets apart, where series have them themselves, with their values: those of one series for
    each name, and for each name of a label. With ``honor_labels`` Prometheus has the series under these values."""
    told: set[str] = set()
    found = set()
    for series in page.series():
        own = tuple((name, series.labels[name]) for name in OF_TARGETS if name in series.labels)
        names = {series.name, *(f"{name}=" for name in series.labels)}
        if own and not names <= told:
            found.add(own)
            told |= names
    return frozenset(found)


def names_arrive(arrived: Arrived, page: Exposition) -> Verdict:
    """Each name of a series and of a label that the endpoint has, Prometheus has as well."""
    limit = "every name of the endpoint's"
    names = sample_names(page)
    missing = sorted(names - arrived.names)
    native = [name for name in missing if _base(name) in arrived.native]
    missing = [name for name in missing if name not in native]
    needed = [name for name in native if name in arrived.read_by_rules]
    if needed:
        reason = (
            f"{one_line(_base(needed[0]), 120)} arrives as a native histogram, without {one_line(needed[0], 120)}, "
            "which loaded rules read; expected rules for native histograms, or scrape_classic_histograms"
        )
        return breached(reason, measured=counted(len(needed), "name"), limit=limit)
    if not names:
        return unmeasured("the page has no series; see metrics.is-whole", limit=limit)
    if missing and arrived.drops is None:
        text = f"Prometheus does not have {one_line(missing[0], 80)}, and {_UNSHOWN}"
        return unmeasured(text, limit=limit)
    if missing and not arrived.drops:
        first = ", ".join(one_line(name, 80) for name in missing[:_SHOWN])
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        reason = f"Prometheus does not have {first}{more}, which the endpoint has{nearest(missing[0], arrived.names)}"
        return breached(reason, measured=f"{len(missing)} of {len(names)} missing", limit=limit)
    labels = {label for series in _one_of_each(page) for label in series}
    lost = []
    for label in sorted(labels):
        of_target = any(label in target.labels for target in arrived.targets)
        renamed = f"exported_{label}"
        if of_target and renamed in arrived.labels and renamed not in labels:
            reason = (
                f"the label {one_line(label, 60)} arrives as {one_line(renamed, 80)}, because the target has one of that name; "
                "expected another name, or honor_labels"
            )
            return breached(reason, measured=renamed, limit=limit)
        if label == "le" and native:
            continue
        if label not in arrived.labels:
            lost.append(label)
    if lost and not arrived.drops:
        text = f"Prometheus has no label {one_line(lost[0], 60)} of this target"
        if arrived.drops is None:
            return unmeasured(f"{text}, and {_UNSHOWN}", limit=limit)
        return breached(
            f"{text}, which the endpoint has", measured=f"{counted(len(lost), 'label')} missing", limit=limit
        )
    if not page.whole:
        return unmeasured(_PARTLY, limit=limit)
    gone = [counted(len(found), what) for found, what in ((missing, "name"), (lost, "label")) if found]
    by_rule = f"; metric_relabel_configs leave out or rename {listed(gone, 'and')}" if gone else ""
    as_native = (
        f"; {listed([one_line(one, 60) for one in sorted({_base(name) for name in native})][:_SHOWN], 'and')} as native"
        if native
        else ""
    )
    return met(
        f"Prometheus has {counted(len(names) - len(missing) - len(native), 'name')} of {len(names)}, and {counted(len(labels) - len(lost), 'label')}{by_rule}{as_native}",
        measured=f"{len(names) - len(missing)} of {len(names)}",
        limit=limit,
    )


def _base(name: str) -> str:
    return next((name.removesuffix(end) for end in _SUFFIXES if name.endswith(end)), name)


def _one_of_each(page: Exposition) -> Iterable[Collection[str]]:
    """The names of labels, of the series of each family. Prometheus makes no difference of series that lack one."""
    for family in page.families:
        for series in page.series(family):
            yield [name for name, text in series.labels.items() if text]


def ranges_are_long_enough(
    ranges: Sequence[Range], targets: Sequence[Target], names: Collection[str], *, is_whole: bool = True
) -> Verdict:
    """Each range of a loaded rule that reads the endpoint's series spans four scrapes at least."""
    limit = f"at least {INTERVALS} scrape intervals"
    interval = max((one.interval for one in targets), default=0.0)
    jobs = {one.job for one in targets}
    own = [one for one in ranges if _is_about(one.selector, names, jobs)]
    short = [one for one in own if (one.selector.range or 0.0) < INTERVALS * interval]
    if not short and not is_whole:
        return unmeasured(_PARTLY, limit=limit)
    if not own:
        return met("no loaded rule has a range over the endpoint's series", measured="0 ranges", limit=limit)
    if short:
        one = min(short, key=lambda found: found.selector.range or 0.0)
        reach = one.selector.range or 0.0
        more = f"; and {len(short) - 1} more" if len(short) > 1 else ""
        reason = (
            f"the rule {one_line(one.rule, 80)} looks back {seconds(reach)} ({one_line(one.selector.text, 120)}), and scrapes are "
            f"{seconds(interval)} apart; expected at least {seconds(INTERVALS * interval)}{more}"
        )
        return breached(reason, measured=seconds(reach), limit=limit)
    least = min(one.selector.range or 0.0 for one in own)
    return met(
        f"the shortest of {counted(len(own), 'range')} is {seconds(least)}, and scrapes are {seconds(interval)} apart",
        measured=seconds(least),
        limit=limit,
    )


def _is_about(selector: Selector, names: Collection[str], jobs: Collection[str]) -> bool:
    if selector.range is None:
        return False
    if any(one.label == "job" and not any(map(one.matches, jobs)) for one in selector.matchers):
        return False
    return any(name in names for name in selector.names() or ())
