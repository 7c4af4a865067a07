"""The run record: one versioned JSON document a run (``schemas/run-record.schema.json``).

While the run goes on it is a file of JSON lines beside the final path (``….part``): a header, then an entry a
check, each flushed as it comes, so that a killed run leaves what it knew. ``finish`` writes the one document,
atomically, and removes the lines.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from deployspec.model.entry import Entry
from deployspec.model.ids import old_id
from deployspec.model.verdict import Outcome

if TYPE_CHECKING:
    from deployspec.model.chapter import Chapter

FORMAT = "deployspec.run/2"
_OLDER = ("deployspec.run/1",)
_HEADER = ("id", "kind", "started", "deployment", "location", "base_url", "markers", "versions")


class Selected(NamedTuple):
    """A check that a run is to make."""

    id: str
    chapter: str
    promise: str
    check: str
    """pytest's node id."""
    source: str
    """File and line."""
    asks: bool = True
    """Whether it asks the deployment."""


@dataclass
class Run:
    """All that is known of a run: what the terminal summary, and every later report, reads."""

    started: str
    """RFC 3339, UTC."""
    deployment: str = ""
    """Empty where only offline checks ran."""
    base_url: str = ""
    markers: str = ""
    """The ``-m`` expression."""
    versions: dict[str, str] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    """By node id; the last word on a check counts."""
    not_described: dict[str, str] = field(default_factory=dict)
    """Checks not selected for this deployment: id to the part its file does not describe."""
    empty_markers: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What fails the run beside its checks, a line each: acceptances that stand for nothing, flaky checks where they are to
    fail it."""
    added: dict[str, Any] = field(default_factory=dict)
    """What chapters add, by key: ``load`` is the load run's result (``schemas/load-result.schema.json``)."""
    cut_short: str = ""
    """Why the run ended before its last check; empty where it did not."""
    not_run: list[Selected] = field(default_factory=list)
    """The checks that have no verdict, where it was cut short, as far as they are known."""
    finished: str = ""
    exit_status: int | None = None
    """pytest's; a probe's own, as it was before anything was pushed. None while the run goes on."""
    id: str = ""
    """A UUID; empty in records of older versions."""
    kind: str = "check"
    """``check``: somebody, or a gate, asked; ``probe``: a schedule did."""
    location: str = ""
    """Where a probe runs; empty where no probe does."""
    interval: float | None = None
    """Seconds from one probe to the next, as its schedule has them; None where no probe runs."""
    maintenance: str = ""
    """The maintenance window that the run fell into, by its name; empty where it fell into none."""

    @classmethod
    def from_document(cls, document: Any, chapters: Iterable[Chapter] = ()) -> Run:
        """Read back what ``document`` gave, and run records of format 1, whose checks these chapters know.

        Raises ValueError where it is not a run record, or a damaged one.
        """
        if not isinstance(document, dict) or document.get("format") not in (FORMAT, *_OLDER):
            raise ValueError("it is not a run record of this or an older format")
        older = document["format"] != FORMAT
        chapters = tuple(chapters)
        try:
            pieces = document["evidence"]
            entries = [
                Entry.from_dict(
                    {
                        **({"id": old_id(check["check"], check["chapter"], chapters)} if older else {}),
                        **check,
                        "evidence": [
                            {"title": one["title"], "text": pieces[one["ref"]]} for one in check["evidence"]
                        ],
                    }
                )
                for check in document["checks"]
            ]
            ours = cls(started="").document()
            own = {field.name for field in fields(cls)} - {"entries", "not_described", "not_run", "added"}
            return cls(
                **{name: document[name] for name in own if name in document},
                entries={entry.check: entry for entry in entries},
                not_run=[Selected(**check) for check in document.get("not_run", ())],
                added={name: document[name] for name in document if name not in ours},
                not_described={
                    old_id(check, "", chapters) if older else check: part
                    for check, part in document["not_described"].items()
                },
            )
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"it is a damaged run record: {type(error).__name__}: {error}") from None

    @classmethod
    def from_lines(cls, path: Path, cut_short: str) -> Run:
        """What the lines of a run say that did not finish its record: ``cut_short`` says why it did not.

        Lines that are damaged, as the last one may be, tell nothing. Raises OSError where there is no such file.
        """
        run = cls(started="", cut_short=cut_short)
        selected: list[Selected] = []
        for line in path.read_bytes().splitlines():
            with contextlib.suppress(ValueError, TypeError, LookupError, AttributeError):
                said = json.loads(line)
                if "check" in said:
                    entry = Entry.from_dict(said)
                    run.entries[entry.check] = entry
                elif "selected" in said:
                    selected = [Selected(**check) for check in said["selected"]]
                else:
                    for name in _HEADER:
                        setattr(run, name, said[name])
        run.not_run = [check for check in selected if check.check not in run.entries]
        return run

    @property
    def asked_nothing(self) -> bool:
        """Whether a deployment was named, and no check asked it anything: whatever was MET, nothing is known of it."""
        return bool(self.deployment) and not any(entry.asks for entry in self.entries.values())

    def counts(self, *, asking: bool | None = None) -> dict[str, int]:
        """How many checks have which verdict; those that are flaky, and those that are accepted, are counted beside.

        ``asking``: only those that asked the deployment (True), or that looked at files alone (False).
        """
        entries = [entry for entry in self.entries.values() if asking is None or entry.asks == asking]
        verdicts = [entry.verdict for entry in entries]
        counts = {verdict.value: verdicts.count(verdict.value) for verdict in Outcome}
        accepted = sum(entry.accepted is not None for entry in entries)
        return counts | {"flaky": sum(entry.flaky for entry in entries), "accepted": accepted}

    def ordered(self) -> list[Entry]:
        """The entries as the specification is written, whatever order they came in."""
        return sorted(self.entries.values(), key=lambda entry: entry.place)

    def document(self) -> dict[str, Any]:
        """The run as the run record's one JSON document. A piece of evidence that checks share stands in it once."""
        pieces: dict[str, str] = {}
        checks = []
        for entry in self.ordered():
            references = []
            for item in entry.evidence:
                reference = hashlib.sha256(item.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
                pieces[reference] = item.text
                references.append({"title": item.title, "ref": reference})
            checks.append(_row(entry, references))
        return {
            # First, so that whoever looks at the head of a file knows what it is.
            "format": FORMAT,
            **self.added,
            **self.header(),
            **self._own(
                "finished",
                "exit_status",
                "cut_short",
                "interval",
                "maintenance",
                "not_described",
                "empty_markers",
                "problems",
            ),
            "not_run": [check._asdict() for check in self.not_run],
            "counts": self.counts(),
            "checks": checks,
            "evidence": pieces,
        }

    def header(self) -> dict[str, Any]:
        """What is known when the run begins."""
        return {"format": FORMAT, **self._own(*_HEADER)}

    def _own(self, *names: str) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}


def _row(entry: Entry, evidence: list[dict[str, str]]) -> dict[str, Any]:
    """An entry as JSON has it. ``asdict`` of all of it, which copies each value, would take longer than the rest of writing."""
    return {
        **vars(entry),
        "evidence": evidence,
        "proportion": entry.proportion and asdict(entry.proportion),
        "accepted": entry.accepted and asdict(entry.accepted),
    }


def _written(document: dict[str, Any]) -> str:
    """It as JSON: a line for each key, and for each check and piece of evidence. To indent all of it would take three times as
    long, because Python's fast encoder does not."""
    lines = []
    for key, value in document.items():
        if value and key == "checks":
            text = "[\n" + ",\n".join(map(_json, value)) + "\n]"
        elif value and key == "evidence":
            text = "{\n" + ",\n".join(f"{_json(one)}: {_json(piece)}" for one, piece in value.items()) + "\n}"
        else:
            text = _json(value)
        lines.append(f"{_json(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def objection_to(path: Path) -> str:
    """Why a run record must not be written to ``path``, or an empty text: it replaces nothing but an older record."""
    if not path.exists():
        return ""
    if path.is_dir():
        return "found a folder; expected the name of a file in it"
    if not path.is_file():
        return "found a device or a pipe; expected a file, or a name that is free"
    try:
        with path.open("rb") as file:
            head = file.read(200)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if head and not any(known.encode() in head for known in (FORMAT, *_OLDER)):
        return "found a file that is not a run record, and would be lost; expected a run record, or a name that is free"
    return ""


class RecordFile:
    """The file behind a run record. Raises OSError where it cannot be written."""

    def __init__(self, path: Path, *, private: bool = False) -> None:
        self.path = path
        self._mode = 0o600 if private else 0o666
        self.part = path.with_name(path.name + ".part")
        self._lines: IO[str] | None = None

    def begin(self, run: Run) -> None:
        """Open the file of lines, making its folder."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = self._opened(self.part)
        self._lines = lines
        try:
            self._write(run.header())
        except OSError:
            # Nothing is known yet. What could not be written is tried once more when the file is closed.
            with contextlib.suppress(OSError):
                lines.close()
            with contextlib.suppress(OSError):
                self.part.unlink(missing_ok=True)
            raise

    def select(self, checks: Iterable[Selected]) -> None:
        """Add which checks the run is to make, so that whoever reads the lines knows what is missing."""
        self._write({"selected": [check._asdict() for check in checks]})

    def append(self, entry: Entry) -> None:
        """Add one check; it is on its way to the disk when this returns."""
        self._write(_row(entry, [asdict(item) for item in entry.evidence]))

    def finish(self, run: Run) -> None:
        """Replace the lines by the one document: whoever reads the path sees all of it or nothing."""
        draft = self.path.with_name(self.path.name + ".draft")
        try:
            with self._opened(draft) as file:
                file.write(_written(run.document()))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError:
            # The disk is full, say. The lines stay: they are what is known.
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
        if self._lines is not None:
            with contextlib.suppress(OSError):
                self._lines.close()
            self.part.unlink(missing_ok=True)

    def _opened(self, path: Path) -> IO[str]:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        # Half of a surrogate pair, which a check may have been told, has no bytes in UTF-8; JSON has an escape for it.
        return os.fdopen(os.open(path, flags, self._mode), "w", encoding="utf-8", errors="backslashreplace")

    def _write(self, data: dict[str, Any]) -> None:
        if self._lines is None:
            raise OSError("the run record is not open")
        self._lines.write(f"{_json(data)}\n")
        self._lines.flush()
