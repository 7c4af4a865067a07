"""Tests of what asks and judges what others wrote."""
