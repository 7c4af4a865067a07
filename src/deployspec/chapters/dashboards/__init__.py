"""Dashboards: what each of their queries shows, and that it is what its title and unit say."""
