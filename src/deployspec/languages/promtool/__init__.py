"""What promtool is given, and what its answers mean."""
