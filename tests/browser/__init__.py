"""Tests of a review's page in a browser."""
