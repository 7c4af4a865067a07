"""The health endpoint and what is promised of it."""
