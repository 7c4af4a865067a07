"""Flask with prometheus-flask-exporter, as its documentation begins."""

from flask import Flask
from prometheus_flask_exporter import PrometheusMetrics

app = Flask(__name__)
metrics = PrometheusMetrics(app)
metrics.info("app_info", "What it is.", version="1.2.3")


@app.route("/items/<int:number>")
@metrics.summary(
    "items_seconds", "How long items take.", labels={"status": lambda answer: answer.status_code}
)
def item(number: int) -> str:
    """An item."""
    return f"{number}\n"
