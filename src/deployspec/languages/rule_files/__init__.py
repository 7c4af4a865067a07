"""Rule files and their unit tests: what they say, and where."""
