"""An HTTP answer as a value, so that a fault can be written as a change to the right one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Answer:
    """Status, headers (names in lower case) and the whole body. Its length is counted when it is sent."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """The body's JSON object."""
        fields: dict[str, Any] = json.loads(self.body)
        return fields

    def with_status(self, status: int) -> "Answer":
        """Change the status alone."""
        return replace(self, status=status)

    def with_body(self, body: bytes) -> "Answer":
        """Change the body alone."""
        return replace(self, body=body)

    def with_json(self, value: object) -> "Answer":
        """Change the body to another JSON value, written as the service writes it."""
        return self.with_body(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())

    def with_fields(self, changed: Mapping[str, Any]) -> "Answer":
        """Change some fields, in place, or add them at the end."""
        return self.with_json({**self.fields, **changed})

    def without_field(self, name: str) -> "Answer":
        """Leave one field out."""
        return self.with_json({key: value for key, value in self.fields.items() if key != name})

    def with_header(self, name: bytes, value: bytes) -> "Answer":
        """Set a header, replacing it if it is there."""
        return replace(self, headers=(*self.without_header(name).headers, (name, value)))

    def without_header(self, name: bytes) -> "Answer":
        """Leave a header out."""
        return replace(self, headers=tuple(header for header in self.headers if header[0] != name))

    def saying_down(self, *parts: str) -> "Answer":
        """Say, without contradicting itself, that these parts (`db`, `redis`) are down."""
        changed: dict[str, Any] = {"ok": False, **dict.fromkeys(parts, False)}
        if "redis" in parts:
            changed["queue_depth"] = None
        return self.with_fields(changed).with_status(503)

    def saying_up(self, part: str) -> "Answer":
        """Say, without contradicting itself, that this part is up; the other stays as it is."""
        fields = self.fields | {part: True}
        fields["ok"] = fields["db"] and fields["redis"]
        if part == "redis" and fields["queue_depth"] is None:
            fields["queue_depth"] = 0
        return self.with_json(fields).with_status(200 if fields["ok"] else 503)
