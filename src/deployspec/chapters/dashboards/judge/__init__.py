"""What is found of queries in, verdicts out. Pure."""
