"""The load generator: what Locust runs. Nothing else may import it, since importing Locust patches the whole process."""
