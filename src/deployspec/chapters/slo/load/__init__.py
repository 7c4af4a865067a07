"""A load run: what is sent and when, what came of it, and what its result says. Pure: nothing here sends anything."""
