"""The run record: one versioned JSON document a run (``schemas/run-record.schema.json``).

While the run goes on it is a file of JSON lines beside the final path (``….part``): a header, the checks that are
selected, then an entry a check, each flushed as it comes, so that a killed run leaves what it knew
(:meth:`Run.from_lines`). ``finish`` writes the one document, atomically, and removes the lines.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from deployspec.base.bounded import KINDS, read_bounded
from deployspec.model.entry import Entry
from deployspec.model.ids import old_id
from deployspec.model.verdict import Outcome

if TYPE_CHECKING:
    from deployspec.model.chapter import Chapter

FORMAT = "deployspec.run/2"
_OLDER = ("deployspec.run/1",)
_LARGEST = 256 * 1024 * 1024
"""Bytes of a file: a run record with a load run of many hours."""


@dataclass
class Run:
    """All that is known of a run: what the terminal summary, and every later report, reads."""

    started: str
    """RFC 3339, UTC."""
    id: str = ""
    """A UUID; empty in records of older versions."""
    kind: str = "check"
    """``check``: somebody, or a gate, asked; ``probe``: a schedule did."""
    location: str = ""
    """Where a probe runs; empty where no probe does."""
    maintenance: str = ""
    """The maintenance window that the run fell into, by its name; empty where it fell into none."""
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
    added: dict[str, Any] = field(default_factory=dict)
    """What chapters add, by key: ``load`` is the load run's result (``schemas/load-result.schema.json``)."""
    cut_short: str = ""
    """Why the run ended before its last check; empty where it did not."""
    finished: str = ""
    exit_status: int | None = None

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
            own = {field.name for field in fields(cls)} - {"entries", "not_described", "added"}
            return cls(
                **{name: document[name] for name in own if name in document},
                entries={entry.check: entry for entry in entries},
                added={name: document[name] for name in document if name not in ours},
                not_described={
                    old_id(check, "", chapters) if older else check: part
                    for check, part in document["not_described"].items()
                },
            )
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"it is a damaged run record: {type(error).__name__}: {error}") from None

    @classmethod
    def from_lines(cls, path: Path, reason: str) -> Run:
        """What the lines of a run tell that was ended before it could finish, or that still goes on.

        A selected check without a verdict is UNMEASURED for this ``reason``, for which the run was cut short, too. The last
        line may be damaged. Raises OSError, and ValueError where these are no such lines.
        """
        *lines, last = read_record(path).split(b"\n")
        try:
            documents = [json.loads(line) for line in lines]
            with contextlib.suppress(ValueError):
                documents.append(json.loads(last))
        except (ValueError, RecursionError):
            raise ValueError("it has a line that is not JSON") from None
        if not documents or not isinstance(documents[0], dict) or documents[0].get("format") != FORMAT:
            raise ValueError("it does not begin as the lines of a run of this version")
        header, *rest = documents
        try:
            known = {name: header[name] for name in cls(started="").header() if name != "format"}
            selected = [row for line in rest for row in line.get("selected", ())]
            entries = [Entry.from_dict(line) for line in rest if "selected" not in line]
            header = {name: header[name] for name in cls(started="").header()}
            run = cls(**known, cut_short=reason, entries={entry.check: entry for entry in entries})
            for node, own, chapter, asks, source, promise in selected:
                lost = Entry(
                    node, own, chapter, promise, Outcome.UNMEASURED.value, reason, source=source, asks=asks
                )
                run.entries.setdefault(node, lost)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"its lines are damaged: {type(error).__name__}: {error}") from None
        return run

    @property
    def asked_nothing(self) -> bool:
        """Whether a deployment was named, and no check asked it anything: whatever was MET, nothing is known of it."""
        return bool(self.deployment) and not any(entry.asks for entry in self.entries.values())

    def counts(self, *, asking: bool | None = None) -> dict[str, int]:
        """How many checks have which verdict; flaky ones are met, and counted beside.

        ``asking``: only those that asked the deployment (True), or that looked at files alone (False).
        """
        entries = [entry for entry in self.entries.values() if asking is None or entry.asks == asking]
        verdicts = [entry.verdict for entry in entries]
        counts = {verdict.value: verdicts.count(verdict.value) for verdict in Outcome}
        return counts | {"flaky": sum(entry.flaky for entry in entries)}

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
            checks.append({**asdict(entry), "evidence": references})
        return {
            **self.added,
            **self.header(),
            **self._own(
                "finished", "exit_status", "cut_short", "maintenance", "not_described", "empty_markers"
            ),
            "counts": self.counts(),
            "checks": checks,
            "evidence": pieces,
        }

    def header(self) -> dict[str, Any]:
        """What is known when the run begins."""
        return {
            "format": FORMAT,
            **self._own("id", "kind", "started", "deployment", "location", "base_url", "markers", "versions"),
        }

    def _own(self, *names: str) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}


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


def read_record(path: Path) -> bytes:
    """The bytes of a run record, or of its lines. Raises OSError, and ValueError where this is no file of a sensible size."""
    content, status = read_bounded(path, _LARGEST + 1)
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"it is {KINDS.get(stat.S_IFMT(status.st_mode), 'no regular file')}")
    if len(content) > _LARGEST:
        raise ValueError("it has more than 256 MiB")
    return content


def write_record(path: Path, run: Run, *, private: bool = False) -> None:
    """Write a finished run as its one document: whoever reads the path sees all of it or what was there before.

    ``private``: nobody else may read it. Raises OSError.
    """
    draft = path.with_name(path.name + ".draft")
    try:
        with _opened(draft, private=private) as file:
            json.dump(run.document(), file, ensure_ascii=False, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        # The disk is full, say.
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def _opened(path: Path, *, private: bool) -> IO[str]:
    mode = 0o600 if private else 0o666
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8")


class RecordFile:
    """The file behind a run record, which nobody else may read where it is ``private``. Raises OSError where it cannot be
    written."""

    def __init__(self, path: Path, *, private: bool = False) -> None:
        self.path = path
        self.private = private
        self.part = path.with_name(path.name + ".part")
        self._lines: IO[str] | None = None

    def begin(self, run: Run) -> None:
        """Open the file of lines, making its folder."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = _opened(self.part, private=self.private)
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

    def select(self, checks: Sequence[Sequence[Any]]) -> None:
        """Add which checks are selected: of each its node id, id, chapter, whether it asks the deployment, source, promise."""
        self._write({"selected": checks})

    def append(self, entry: Entry) -> None:
        """Add one check; it is on its way to the disk when this returns."""
        self._write(asdict(entry))

    def finish(self, run: Run) -> None:
        """Replace the lines by the one document. Where that cannot be written they stay: they are what is known."""
        write_record(self.path, run, private=self.private)
        if self._lines is not None:
            with contextlib.suppress(OSError):
                self._lines.close()
            self.part.unlink(missing_ok=True)

    def _write(self, data: dict[str, Any]) -> None:
        if self._lines is None:
            raise OSError("the run record is not open")
        self._lines.write(json.dumps(data, ensure_ascii=False) + "\n")
        self._lines.flush()
