"""Dockerflow in Flask, with one check."""

from pathlib import Path

from dockerflow import checks
from dockerflow.flask import Dockerflow
from flask import Flask

app = Flask(__name__)


@checks.register
def database() -> list[checks.CheckMessage]:
    """Stands for a real dependency."""
    return [checks.Error("connection refused", id="example.E001")] if Path("sick").exists() else []


dockerflow = Dockerflow(app)
app.config["VERSION_PATH"] = str(Path.cwd())
dockerflow.version_path = str(Path.cwd())
