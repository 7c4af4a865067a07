"""Measures a service's metrics, by scraping it and by asking its Prometheus."""
