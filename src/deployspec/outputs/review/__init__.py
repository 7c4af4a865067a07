"""A review as a page, as Markdown, and as a message. All of it is made of ``deployspec.model.review`` alone."""

from collections.abc import Sequence

from deployspec.model.review import Review
from deployspec.outputs.review.text import markdown, message

__all__ = ["html", "markdown", "message"]


def html(reviews: Sequence[Review]) -> str:
    """Reviews as one page, which loads nothing. Raises ImportError where Jinja2 or, for a figure, matplotlib is missing."""
    # Markdown is made without either.
    from deployspec.outputs.review import page

    return page.html(reviews)
