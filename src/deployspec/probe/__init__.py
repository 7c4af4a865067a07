"""``deployspec probe``: what a schedule runs, for years, on a machine that nobody looks at."""
