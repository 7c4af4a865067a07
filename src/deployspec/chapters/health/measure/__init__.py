"""The health chapter's measurements: each is made once a session, by the first check that wants it."""
