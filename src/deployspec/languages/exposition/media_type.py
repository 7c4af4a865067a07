"""What a Content-Type says of an exposition, and whether a Prometheus goes by it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from deployspec.base.shown import one_line
from deployspec.languages.exposition.model import Format

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110's word for a name
_MEDIA_TYPE = re.compile(rf"[ \t]*({_TOKEN})(?:/({_TOKEN}))?[ \t]*")
_PARAMETER = re.compile(rf'[ \t]*;[ \t]*(?:({_TOKEN})=({_TOKEN}|"(?:[^"\\]|\\.)*"))?[ \t]*')
_TEXT, _OPENMETRICS = "text/plain", "application/openmetrics-text"


@dataclass(frozen=True, slots=True)
class MediaType:
    """A Content-Type, and what it is to a Prometheus."""

    form: Format | None
    """The format that Prometheus reads the page as; of 2.42 also where the header makes no sense."""
    parameters: Mapping[str, str]
    trouble: str = ""
    """Why Prometheus 3 does not scrape the target, in a few words; empty where it does."""

    @property
    def has_any_name(self) -> bool:
        """Whether names in quotes have been agreed on, with characters that older servers do not take."""
        return self.parameters.get("escaping") == "allow-utf-8" or (
            self.form is Format.TEXT and self.parameters.get("version") == "1.0.0"
        )


def media_type(values: tuple[str, ...]) -> MediaType:
    """What the values of the header ``Content-Type`` say; there should be one."""
    if not values or not values[0].strip():
        return MediaType(Format.TEXT, {}, "there is no Content-Type")
    if len(values) > 1:
        return MediaType(Format.TEXT, {}, f"there are {len(values)} headers Content-Type")
    written = values[0]
    shown = one_line(written, 80)
    found = _MEDIA_TYPE.match(written)
    if found is None:
        return MediaType(Format.TEXT, {}, f"the Content-Type {shown} is none")
    parameters: dict[str, str] = {}
    at = found.end()
    while at < len(written):
        pair = _PARAMETER.match(written, at)
        if pair is None:
            return MediaType(Format.TEXT, {}, f"the Content-Type {shown} is none")
        if pair[1]:
            value = pair[2][1:-1] if pair[2].startswith('"') else pair[2]
            parameters[pair[1].lower()] = re.sub(r"\\(.)", r"\1", value)
        at = pair.end()
    kind = f"{found[1]}/{found[2]}".lower()
    if kind == _TEXT:
        return MediaType(Format.TEXT, parameters)
    if kind == _OPENMETRICS:
        return MediaType(Format.OPENMETRICS, parameters)
    if kind == "application/vnd.google.protobuf":
        return MediaType(None, parameters, "the answer is in protobuf, which was not asked for")
    return MediaType(Format.TEXT, parameters, f"the Content-Type is {shown}")
