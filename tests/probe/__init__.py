"""Tests of ``deployspec probe``."""
