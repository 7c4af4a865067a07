"""Mutation of rules: changed rules, and what it says of the tests that they pass or fail."""
