"""py-healthcheck in Flask, with one check."""

from pathlib import Path

from flask import Flask
from healthcheck import HealthCheck

app = Flask(__name__)
# A result is otherwise kept for 27 seconds if it is good and for 9 if it is bad.
health = HealthCheck(success_ttl=None, failed_ttl=None)


def database() -> tuple[bool, str]:
    """Stands for a real dependency."""
    return (False, "connection refused") if Path("sick").exists() else (True, "database ok")


health.add_check(database)
app.add_url_rule("/healthcheck", "healthcheck", view_func=health.run)
