"""Tests of a review as a page, as Markdown and as a message."""
