"""Deal Scout: second-hand listings, price suggestions, and snaps that sellers turn into listings."""

__version__ = "0.1.0"
