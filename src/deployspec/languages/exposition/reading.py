"""Reads an exposition as it comes, and keeps of it what is asked about later.

A line that looks like the one before it is read by what was learnt from that: the texts between its labels' values are the
same. Any other line is read exactly (:mod:`deployspec.languages.exposition.lines`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from operator import itemgetter

from deployspec.languages.exposition.families import BUCKET, COUNT, PLAIN, QUANTILE, SUM, TOTAL, Group, Groups
from deployspec.languages.exposition.lines import Labels, Sample, canonical
from deployspec.languages.exposition.model import Exposition, Format, Limits
from deployspec.languages.exposition.page import Page
from deployspec.languages.exposition.sums import SPECIAL

_PIECE = 1 << 19
"""So many bytes are taken at a time, so that what comes as one piece of 50 MB is not held twice."""
_PLAIN_NUMBER = b"0123456789.eE+-"
_MOST = 1.7976931348623157e308
_SHAPES = 1000
"""So many shapes of a family's lines are remembered."""
_LEARNT = (PLAIN, TOTAL, BUCKET, QUANTILE, COUNT, SUM)


def read(
    chunks: Iterable[bytes],
    form: Format,
    limits: Limits | None = None,
    *,
    now: float | None = None,
    is_exact: bool = False,
) -> Exposition:
    """What the bytes say, whatever they are: what is wrong is in ``troubles``. It stops taking chunks at a limit.

    ``now`` is when the answer came, in seconds since 1970, for what is said of timestamps; None leaves that out.
    ``is_exact`` has each line read by itself, which is slow and finds the same.
    """
    page = Page(form, limits or Limits(), now)
    reader = _Reader(page, is_exact=is_exact)
    for chunk in chunks:
        for at in range(0, len(chunk), _PIECE):
            if not reader.take(chunk[at : at + _PIECE]):
                return page.exposition()
    reader.end()
    return page.exposition()


class _Shape:
    """What the lines have in common that differ from one another only in their labels' values."""

    __slots__ = ("bound", "groups", "key", "pick", "role", "text", "width")

    def __init__(self, name: bytes, labels: Labels, role: int, groups: Groups, *, is_canonical: bool) -> None:
        order = sorted(range(len(labels)), key=lambda number: labels[number][0])
        self.role = role
        self.width = 2 * len(labels) + 1
        """In how many parts quotes divide it."""
        self.text = b""
        """The canonical text, to be filled in; empty where the line has it itself."""
        self.pick: Callable[[list[bytes]], tuple[bytes, ...] | bytes] | None = None
        if not is_canonical:
            self.text = canonical(name, [(key, b"%b") for key, _ in labels])
            self.pick = itemgetter(*(2 * number + 1 for number in order))
        names = [key for key, _ in labels]
        special = SPECIAL.get(role)
        self.bound = 2 * names.index(special) + 1 if special in names else 0
        rest = [2 * number + 1 for number in order if names[number] != special]
        self.key: Callable[[list[bytes]], object] | None = itemgetter(*rest) if rest else None
        """The labels' values that say which histogram it is."""
        self.groups = groups


def _is_stamp(text: bytes, *, is_strict: bool) -> bool:
    """Whether a text of digits, signs, points and e is a plain timestamp; what else is one is read exactly."""
    return (text.replace(b".", b"", 1) if is_strict else text).isdigit() and len(text) <= 18


class _Reader:
    def __init__(self, page: Page, *, is_exact: bool) -> None:
        self._page = page
        self._is_exact = is_exact
        self._held: list[bytes] = []
        """The beginning of a line whose end has not come."""
        self._shapes: dict[object, _Shape] = {}
        self._family: object = None
        self._type = ""
        """Of the family when its lines were learnt: a TYPE may stand behind its first sample."""

    def take(self, piece: bytes) -> bool:
        """The next piece. Whether more may come."""
        page, limits = self._page, self._page.limits
        more = limits.size - page.size
        page.size += min(len(piece), more)
        end = piece.rfind(b"\n", 0, more)
        if end >= 0:
            self._held.append(piece[:end])
            block = b"".join(self._held)
            self._held = [piece[end + 1 : more]]
            self._block(block)
        else:
            self._held.append(piece[:more])
        if page.whole and len(piece) > more:
            page.stop(
                "limit-size", f"the page is larger than {limits.size} bytes, the limit; it was read that far"
            )
        if page.whole and sum(map(len, self._held)) > limits.line:
            page.line += 1
            page.stop("limit-line", f"a line is longer than {limits.line} bytes, the limit")
        return page.whole

    def end(self) -> None:
        """Nothing more comes."""
        rest = b"".join(self._held)
        if rest:
            self._block(rest)
        self._page.end(rest)

    def _block(self, block: bytes) -> None:
        """Some whole lines."""
        lines = block.split(b"\n")
        try:
            is_text = block.isascii() or bool(block.decode())
        except UnicodeDecodeError:
            is_text = False
        if self._is_exact or not is_text:
            for line in lines:
                if not self._page.whole:
                    return
                self._exact(line)
            return
        # Where a block has none of these, no line of it is asked.
        self._lines(lines, [one for one in (b"\\", b'=""', b"\0") if one in block])

    def _lines(self, lines: list[bytes], odd: list[bytes]) -> None:
        page = self._page
        index, values, places = page.index, page.values, page.lines
        add, put, bounds = values.append, places.append, page.bounds
        group: Group | None = None
        groups: Groups | None = None
        last: object = None
        is_strict = page.form is Format.OPENMETRICS
        number = page.line
        size = len(values)
        shapes = self._known()
        for line in lines:
            number += 1
            head, brace, rest = line.rpartition(b"} ")
            if brace:
                parts = head.split(b'"')
                shape = shapes.get(tuple(parts[::2]))
                if shape is not None and len(parts) != shape.width:
                    shape = None
            else:
                head, _, rest = line.partition(b" ")
                shape = shapes.get(head)
            stamp = b""
            value = math.inf
            if shape is not None and not (odd and any(one in line for one in odd)):
                other = rest.translate(None, _PLAIN_NUMBER)
                if other == b" ":
                    rest, _, stamp = rest.partition(b" ")
                if not other or _is_stamp(stamp, is_strict=is_strict):
                    try:
                        value = float(rest)
                    except ValueError:
                        value = math.inf
            if shape is None or not -_MOST <= value <= _MOST:
                page.line = number - 1
                self._exact(line)
                if not page.whole:
                    return
                shapes, group, size = self._known(), None, len(values)
                continue
            if stamp:
                page.time(stamp, number)
            if not brace:
                text = head
            elif shape.pick is None:
                text = head + b"}"
            else:
                text = shape.text % shape.pick(parts)
            known = index.setdefault(text, size)
            if known != size:
                page.again(text, known, value, stamp, number)
                continue
            if stamp:
                page.stamps[size] = page.seconds(stamp)
            size += 1
            add(value)
            put(number)
            role = shape.role
            if role == PLAIN:
                continue
            if role == TOTAL:
                if value < 0:
                    page.counter_value(number, rest)
                continue
            key = shape.key(parts) if shape.key is not None else ()
            if group is None or key != last or groups is not shape.groups:
                groups, last = shape.groups, key
                group = page.group(groups, key, number)
            if role == BUCKET:
                if is_strict and value % 1.0:
                    page.bucket_value(number, rest)
                bound = bounds.get(parts[shape.bound])
                if bound is None:
                    bound = page.bound(parts[shape.bound], number)
                if bound > group.bound and value >= group.value:
                    group.bound, group.value = bound, value
                else:
                    page.bucket(group, bound, value, number)
            elif role == QUANTILE:
                page.quantile(group, parts[shape.bound], value, number)
            elif role == COUNT:
                page.count(group, value, number)
            else:
                page.sum(group, value, number)
        page.line = number
        if size > page.limits.series:
            page.too_many()

    def _known(self) -> dict[object, _Shape]:
        """How the next line may be made; nothing within a label's value that goes on."""
        return {} if self._page.is_open else self._shapes

    def _exact(self, line: bytes) -> None:
        page = self._page
        sample = page.take(line)
        kind = page.family.type if page.family is not None else ""
        if page.family is not self._family or kind != self._type:
            self._family, self._type, self._shapes = page.family, kind, {}
        if sample is not None and not self._is_exact:
            self._learn(line, sample)

    def _learn(self, line: bytes, sample: Sample) -> None:
        """Remember how a line is made, where the quick reading of it finds the same."""
        page = self._page
        role = page.role
        if not sample.labels and b"{" in line:
            return
        if sample.faults or sample.exemplar or role not in _LEARNT:
            return
        head, brace, _ = line.rpartition(b"} ")
        if not brace:
            if (
                not sample.labels
                and line.partition(b" ")[0] == sample.name
                and role != QUANTILE
                and role != BUCKET
            ):
                groups = page.groups_of(sample.labels)
                self._shapes[sample.name] = _Shape(sample.name, [], role, groups, is_canonical=True)
            return
        if len(self._shapes) >= _SHAPES:
            # Where nearly every line is another one, to remember more of them saves nothing.
            self._shapes.clear()
        parts = head.split(b'"')
        if parts[1::2] != [value for _, value in sample.labels] or not parts[0].startswith(
            sample.name + b"{"
        ):
            return
        if role in SPECIAL and not any(key == SPECIAL[role] for key, _ in sample.labels):
            return
        is_canonical = head + b"}" == canonical(sample.name, sample.labels)
        groups = page.groups_of(sample.labels)
        self._shapes[tuple(parts[::2])] = _Shape(
            sample.name, sample.labels, role, groups, is_canonical=is_canonical
        )
