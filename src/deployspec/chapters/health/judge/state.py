"""What an answer says of the service and of its parts: which of them are healthy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from deployspec.base.shown import names, one_line, value
from deployspec.chapters.health.judge.reading import (
    TYPES,
    CannotJudgeError,
    document_of,
    is_absent,
    looked_up,
    named,
    own_answer,
    see,
    value_of,
)
from deployspec.chapters.health.model import EachPart, Flag, HealthPromise, Pointer, Scalar
from deployspec.model.http import Answer, Call

_MOST_TEXT = 16_384
"""Characters of a text that are searched for what is expected: an endpoint of health says it early."""
_TRUE = (True,)


class State(NamedTuple):
    """What an answer says of one thing."""

    name: str
    well: bool
    found: object
    """The value that says it."""
    healthy: tuple[Scalar, ...] = _TRUE

    @property
    def told(self) -> str:
        """In words: ``db is false``, ``status is "DOWN"``, ``the text is "starting"``."""
        return f"{self.name} is {self.shown}"

    @property
    def shown(self) -> str:
        """The value, as a reason shows it."""
        return value(self.found, name=self.name)


class States(NamedTuple):
    """What could be read of an answer, and what could not."""

    service: State | None
    """What it says of the service as a whole; None where that is not said, or could not be read."""
    parts: tuple[State, ...]
    """In the order of the deployment file, or of the answer; of one name, once."""
    unreadable: CannotJudgeError | None
    """The first of what could not be read."""

    @property
    def all(self) -> tuple[State, ...]:
        """Of the service first."""
        return self.parts if self.service is None else (self.service, *self.parts)

    def complete(self) -> States:
        """Itself. Raises CannotJudgeError where something could not be read."""
        if self.unreadable is not None:
            raise self.unreadable
        return self


def states(call: Call, promise: HealthPromise) -> States:
    """What an answer says. Raises CannotJudgeError where its body cannot be read at all."""
    if promise.expect_text is not None:
        return States(_of_text(own_answer(call, promise), promise.expect_text), (), None)
    if not promise.says_state:
        own_answer(call, promise)
        return States(None, (), None)
    document = document_of(call, promise)
    fields = promise.fields
    unreadable: list[CannotJudgeError] = []

    def read(flag: Flag) -> State | None:
        try:
            return flag_state(document, flag)
        except CannotJudgeError as error:
            unreadable.append(error)
            return None

    service = None if fields.ok is None else read(fields.ok)
    parts = [one for flag in fields.parts if (one := read(flag)) is not None]
    if fields.each is not None:
        try:
            found = each_flag(document, fields.each)
        except CannotJudgeError as error:
            found = []
            unreadable.append(error)
        together: dict[str, State] = {}
        for flag in found:
            state = read(flag)
            if state is not None and (flag.name not in together or not state.well):
                together[flag.name] = state
        parts = list(together.values())
    return States(service, tuple(parts), unreadable[0] if unreadable else None)


def flag_state(document: object, flag: Flag) -> State:
    """What one value says."""
    found = value_of(document, flag.at, types_of(flag.healthy))
    return State(flag.name, any(_equal(found, one) for one in flag.healthy), found, flag.healthy)


def types_of(healthy: tuple[Scalar, ...]) -> list[str]:
    """The names of the types that a flag's value may have."""
    return [name for name, types in TYPES.items() if any(type(one) in types for one in healthy)]


def each_flag(document: object, each: EachPart) -> list[Flag]:
    """The flags of the parts that an answer has: at least one."""
    entries = looked_up(document, each.each)
    where = one_line(each.each.name, 80)
    if is_absent(entries):
        raise CannotJudgeError(f"the body has no {where} {see('body-fits-schema')}")
    if not isinstance(entries, dict | list):
        raise CannotJudgeError(
            f"{where} is {value(entries)}, not an array or object {see('body-fits-schema')}"
        )
    flags = each_flags(entries, each)
    if not flags:
        raise CannotJudgeError(f"{where} has no parts {see('body-fits-schema')}")
    return flags


def each_flags(entries: dict[str, object] | list[object], each: EachPart) -> list[Flag]:
    """The flags of the parts that there are entries for."""
    return list(_flags(entries, each))


def _flags(entries: dict[str, object] | list[object], each: EachPart) -> Iterator[Flag]:
    pairs = entries.items() if isinstance(entries, dict) else enumerate(entries)
    for key, entry in pairs:
        at = Pointer((str(key),)).below(each.each)
        name = at.name if isinstance(entries, list) else str(key)
        if each.name is not None:
            found = looked_up(entry, each.name)
            name = found if isinstance(found, str) and found else name
        # An empty array says nothing of its part, which is not to be passed over: it is read, and is not there.
        several = entry if isinstance(entry, list) else []
        values = [Pointer((*at.steps, str(n))) for n in range(len(several))] or [at]
        for one in values:
            yield Flag(one_line(name, 60), each.at.below(one), each.healthy)


def _equal(found: object, wanted: Scalar) -> bool:
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _of_text(answer: Answer, pattern: str) -> State:
    text = text_of(answer)
    return State("the text", _compiled(pattern).search(text) is not None, text)


def text_of(answer: Answer) -> str:
    """The beginning of a text that is an answer's body. What is not UTF-8 is replaced."""
    return answer.body[: 4 * _MOST_TEXT].decode("utf-8", "replace")[:_MOST_TEXT]


@lru_cache(maxsize=16)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def wanted(promise: HealthPromise) -> str:
    """What a healthy answer says, in words: ``ok, db and redis true``; empty where nothing is read of it."""
    fields = promise.fields
    if promise.expect_text is not None:
        return f"a text that matches {one_line(promise.expect_text, 60)}"
    flags = [*([] if fields.ok is None else [fields.ok]), *fields.parts]
    said = []
    if plain := [flag.name for flag in flags if flag.healthy == _TRUE]:
        said.append(f"{names(plain)} true")
    said += [f"{flag.name} {any_of(flag.healthy)}" for flag in flags if flag.healthy != _TRUE]
    if fields.each is not None:
        said.append(f"every part in {one_line(fields.each.each.name, 60)} {any_of(fields.each.healthy)}")
    return ", ".join(said)


def any_of(healthy: tuple[Scalar, ...]) -> str:
    """The values of a healthy service: ``true``, ``"UP" or "OK"``."""
    return " or ".join(value(one) for one in healthy)


def service(call: Call, promise: HealthPromise) -> State:
    """What an answer says of the service as a whole, by ``ok`` or by its text."""
    if promise.expect_text is not None:
        return _of_text(own_answer(call, promise), promise.expect_text)
    return flag_state(
        document_of(call, promise), named(promise.fields.ok, "field that says whether all is well")
    )


def part_state(call: Call, part: str, promise: HealthPromise) -> State:
    """What an answer says of one part, whatever could not be read of the others."""
    document = document_of(call, promise)
    for flag in promise.fields.parts:
        if flag.name == part:
            return flag_state(document, flag)
    for state in states(call, promise).complete().parts:
        if state.name == part:
            return state
    raise CannotJudgeError(f"the body names no part {one_line(part, 60)}")
