"""A run in, text out."""
