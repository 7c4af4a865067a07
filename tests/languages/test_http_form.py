"""What an answer's form is does not depend on how its bytes arrive."""

from __future__ import annotations

import pytest

from deployspec.languages.http_form import Form
from tests.languages.http_answers import ANSWERS


@pytest.mark.parametrize(("answer", "why"), ANSWERS)
def test_it_does_not_matter_how_they_are_cut(answer: bytes, why: str) -> None:
    """Byte by byte, or all at once."""
    whole, cut = Form(), Form()
    told = [cut.take(answer[place : place + 1]) for place in range(len(answer))][-1]
    assert told == whole.take(answer)
    assert why in told if why else not told
