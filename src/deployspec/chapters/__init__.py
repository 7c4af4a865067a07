"""The chapters of the specification. Each is a room of its own; none imports another but through its ``api``."""
