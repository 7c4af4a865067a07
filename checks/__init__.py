"""The specification: one file a chapter of the guide. In the wheel it is ``deployspec.checks``."""
