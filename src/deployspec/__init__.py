"""deployspec: an executable specification of a deployment."""

__version__ = "0.1.0"
