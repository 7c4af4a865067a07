"""Runs the reference deployment's four processes, and leaves nothing behind."""
