"""The load probe: runs Locust in processes of its own, and counts what they tell."""
