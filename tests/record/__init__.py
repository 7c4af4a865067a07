"""Tests of the house's room record."""
