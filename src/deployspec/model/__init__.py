"""What everything speaks of: verdicts, calls and their answers, entries of a run, chapters."""
