"""The chapter logs: an item for each source and promise, each source read once, and requests followed into it."""
