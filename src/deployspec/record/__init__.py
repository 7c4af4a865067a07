"""One run, written down."""
