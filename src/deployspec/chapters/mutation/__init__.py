"""Alert rules with one thing changed: whether their unit tests notice."""
