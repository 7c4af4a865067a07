"""Tests of what a run is sent to."""
