"""Reads log records, from files, commands and standard input, and has them judged."""
