"""A review as a page, as Markdown, and as a message. All of it is made of ``deployspec.model.review`` alone."""

from deployspec.outputs.review.page import html
from deployspec.outputs.review.text import markdown, message

__all__ = ["html", "markdown", "message"]
