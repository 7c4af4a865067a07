"""Tests of what a person or a machine reads."""
