"""The health endpoint's faults, by name. Each is wrong in one way; the rest of the answer stays the real one."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol, TypeVar

from .answer import Answer


class Call(Protocol):
    """One request to the health endpoint, as a fault sees it."""

    async def real(self) -> Answer:
        """Ask the real application."""

    def is_over(self) -> bool:
        """Say whether the client has gone, or the fault been switched off, meanwhile."""


class Fault(ABC):
    """One fault. An instance lives from the moment it is switched on until it is switched off."""

    pages: ClassVar[Mapping[str, Answer]] = {}
    """Answers to other paths, while the fault is on."""

    @abstractmethod
    async def answer(self, call: Call) -> Answer:
        """Answer a request to the health endpoint."""


class Alteration(Fault):
    """A fault that changes each real answer in the same way."""

    def __init__(self, alter: Callable[[Answer], Answer]) -> None:
        self._alter = alter

    async def answer(self, call: Call) -> Answer:
        """Give the real answer, altered."""
        return self._alter(await call.real())


_faults: dict[str, tuple[Callable[[], Fault], str]] = {}
_Alter = TypeVar("_Alter", bound=Callable[[Answer], Answer])
_Class = TypeVar("_Class", bound=type[Fault])


def alters(name: str) -> Callable[[_Alter], _Alter]:
    """Register a function that alters the real answer."""

    def register(function: _Alter) -> _Alter:
        _add(name, lambda: Alteration(function), function.__doc__)
        return function

    return register


def behaves(name: str) -> Callable[[_Class], _Class]:
    """Register a class of faults that remember, wait, or do not answer."""

    def register(kind: _Class) -> _Class:
        _add(name, kind, kind.__doc__)
        return kind

    return register


def _add(name: str, make: Callable[[], Fault], doc: str | None) -> None:
    assert doc is not None and name not in _faults, name  # noqa: S101, PT018 - a slip in this package
    _faults[name] = (make, doc.splitlines()[0])


def health_faults() -> dict[str, tuple[Callable[[], Fault], str]]:
    """Give every fault's name, with how to make one and what it does, in one line."""
    # Their modules register them; imported here, since they import this one.
    from . import behaviour, bodies, dependencies, headers  # noqa: F401

    return dict(_faults)
