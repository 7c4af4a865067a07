"""Code that measures a deployment and returns what it measured. It never judges."""
