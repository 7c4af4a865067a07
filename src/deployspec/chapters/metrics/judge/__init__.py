"""Measurements in, a verdict out: pure."""
