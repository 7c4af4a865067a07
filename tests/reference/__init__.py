"""Tests of the reference Deal Scout, its supervisor and its faults."""
