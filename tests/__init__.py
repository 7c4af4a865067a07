"""Tests of the library, of the reference, and of the checks themselves."""
