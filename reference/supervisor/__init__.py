"""Runs the reference deployment's processes, and leaves nothing behind."""
