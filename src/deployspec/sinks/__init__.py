"""Sinks: a run in, sent out. Each kind is one module; what they all need is in ``sending``, ``metrics`` and ``exposition``."""
