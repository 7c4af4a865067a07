"""Small services, each run by its own environment in `proven.servers`. A file named `sick` makes each of them sick."""
