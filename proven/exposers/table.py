"""Every exposer, by name, with what is known of it."""

from __future__ import annotations

from collections.abc import Mapping

from proven.exposers import debian, libraries
from proven.exposers.model import Exposer, asking
from proven.servers import SERVERS, Server


def _debian(system: str, package: str, boot: object) -> Server:
    return Server(system, "Debian", package, boot)  # type: ignore[arg-type]


EXPOSERS: Mapping[str, Exposer] = {
    "prometheus": Exposer(
        _debian("Prometheus", "prometheus", debian.prometheus),
        job="prometheus",
        mixins=("prometheus", "go-runtime"),
    ),
    "alertmanager": Exposer(SERVERS["alertmanager"], job="alertmanager", mixins=("alertmanager",)),
    "pushgateway": Exposer(SERVERS["pushgateway"], honors_labels=True, meanwhile=debian.push),
    "blackbox-exporter": Exposer(SERVERS["blackbox-exporter"]),
    "blackbox-probe": Exposer(
        SERVERS["blackbox-exporter"],
        path="/probe?module=http&target=http://127.0.0.1:{port}/",
        mixins=("blackbox_exporter",),
    ),
    "redis-exporter": Exposer(
        SERVERS["redis-exporter"],
        job="redis",
        breaches={"metrics.sums-add-up": "the quantile is 50; expected a number from 0 to 1"},
        published=(
            "redis_exporter/contrib/grafana_prometheus_redis_dashboard.json",
            "redis_exporter/contrib/redis-mixin/dashboards/*.json",
        ),
    ),
    "victoria-metrics": Exposer(
        SERVERS["victoria-metrics"],
        job="victoriametrics",
        published=("VictoriaMetrics/dashboards/victoriametrics.json",),
        breaches={"metrics.types-constant": "vm_request_duration_seconds goes on here, after another metric"},
        meanwhile=asking("/health", "/api/v1/query?query=vm_rows", "/api/v1/export?match[]=none"),
        # They ask for the versions of VictoriaMetrics' own builds.
        variables={"job": "victoriametrics", "instance": "127.0.0.1:{port}"},
    ),
    "etcd": Exposer(SERVERS["etcd"], job="etcd", mixins=("etcd",)),
    "influxdb": Exposer(SERVERS["influxdb"]),
    "rabbitmq": Exposer(
        _debian("RabbitMQ", "rabbitmq-server", debian.rabbitmq),
        job="rabbitmq",
        mixins=("rabbitmq",),
        # The others are for RabbitMQ's own load generator, for clusters, and for another exporter.
        published=tuple(
            f"rabbitmq-server/deps/rabbitmq_prometheus/docker/grafana/dashboards/{name}.json"
            for name in ("Erlang-BEAM", "Erlang-Memory-Allocators", "RabbitMQ-*")
        ),
    ),
    "rabbitmq-per-object": Exposer(
        _debian("RabbitMQ", "rabbitmq-server", debian.rabbitmq), path="/metrics/per-object"
    ),
    "rabbitmq-detailed": Exposer(
        _debian("RabbitMQ", "rabbitmq-server", debian.rabbitmq),
        path="/metrics/detailed?family=queue_coarse_metrics&family=connection_metrics&family=channel_queue_metrics",
    ),
    "node-exporter": Exposer(
        _debian("node_exporter", "prometheus-node-exporter", debian.node_exporter),
        job="node",
        mixins=("node-exporter",),
        published=("grafana-dashboards/prometheus/node-exporter-full.json",),
    ),
    "postgres-exporter": Exposer(
        _debian("postgres_exporter", "prometheus-postgres-exporter", debian.postgres_exporter),
        mixins=("postgres-exporter",),
    ),
    "mysqld-exporter": Exposer(
        _debian("mysqld_exporter", "prometheus-mysqld-exporter", debian.mysqld_exporter),
        mixins=("mysql",),
    ),
    "nginx-exporter": Exposer(
        _debian("nginx exporter", "prometheus-nginx-exporter", debian.nginx_exporter),
        published=("nginx-prometheus-exporter/grafana/*.json",),
    ),
    "haproxy": Exposer(
        _debian("HAProxy", "haproxy", debian.haproxy),
        mixins=("haproxy",),
        published=("grafana-dashboards/prometheus/haproxy.json",),
    ),
    "caddy": Exposer(_debian("Caddy", "caddy", debian.caddy), mixins=("caddy",)),
    "dnsdist": Exposer(
        _debian("dnsdist", "dnsdist", debian.dnsdist),
        breaches={"metrics.types-constant": "dnsdist_server_status goes on here, after another metric"},
    ),
    "pdns-recursor": Exposer(_debian("PowerDNS Recursor", "pdns-recursor", debian.pdns_recursor)),
    "collectd": Exposer(
        _debian("collectd", "collectd-core", debian.collectd),
        breaches={"metrics.names-arrive": "the label instance arrives as exported_instance"},
    ),
    "netdata": Exposer(
        _debian("Netdata", "netdata-core", debian.netdata),
        path=debian.NETDATA,
        honors_labels=True,
        breaches={"metrics.types-constant": "goes on here, after another metric"},
    ),
    "go-client": Exposer(
        _debian("client_golang", "golang-github-prometheus-client-golang-dev", debian.go_client),
        mixins=("go-runtime",),
    ),
    "prometheus-client": Exposer(
        Server("prometheus-client", "PyPI", libraries.PROMETHEUS_CLIENT, libraries.prometheus_client),
        mixins=("python-runtime",),
    ),
    "prometheus-client-multiprocess": Exposer(
        Server(
            "prometheus-client in processes of gunicorn's",
            "PyPI",
            libraries.PROMETHEUS_CLIENT,
            libraries.multiprocess,
        )
    ),
    "fastapi-instrumentator": Exposer(
        Server(
            "prometheus-fastapi-instrumentator",
            "PyPI",
            libraries.INSTRUMENTATOR,
            libraries.fastapi_instrumentator,
        ),
        job="app",
        published=("fastapi-prometheus-grafana/grafana/provisioning/dashboards/*.json",),
    ),
    "starlette-exporter": Exposer(
        Server("starlette-exporter", "PyPI", libraries.STARLETTE_EXPORTER, libraries.starlette_exporter)
    ),
    "starlette-exporter-openmetrics": Exposer(
        Server("starlette-exporter", "PyPI", libraries.STARLETTE_EXPORTER, libraries.starlette_exporter),
        path="/openmetrics",
    ),
    "flask-exporter": Exposer(
        Server("prometheus-flask-exporter", "PyPI", libraries.FLASK_EXPORTER, libraries.flask_exporter)
    ),
    "django-prometheus": Exposer(
        Server("django-prometheus", "PyPI", libraries.DJANGO_PROMETHEUS, libraries.django_prometheus),
        mixins=("django",),
    ),
    "aioprometheus": Exposer(
        Server("aioprometheus", "PyPI", libraries.AIOPROMETHEUS, libraries.aioprometheus),
        breaches={
            "metrics.well-formed": 'the label quoted" \\ kind has no =',
            "metrics.is-scraped": "is down",
            "metrics.nothing-is-dropped": "see metrics.is-scraped",
            "metrics.names-arrive": "see metrics.is-scraped",
        },
    ),
    "opentelemetry": Exposer(
        Server("opentelemetry-exporter-prometheus", "PyPI", libraries.OPENTELEMETRY, libraries.opentelemetry)
    ),
    "flower": Exposer(SERVERS["flower"]),
    "jupyter-server": Exposer(SERVERS["jupyter-server"]),
    "prom-client": Exposer(
        Server("prom-client", "npm", libraries.PROM_CLIENT, libraries.prom_client), mixins=("nodejs",)
    ),
    "prom-client-openmetrics": Exposer(
        Server("prom-client, OpenMetrics", "npm", libraries.PROM_CLIENT, libraries.prom_client_openmetrics)
    ),
    "opentelemetry-node": Exposer(
        Server(
            "@opentelemetry/exporter-prometheus",
            "npm",
            libraries.OPENTELEMETRY_OF_NODE,
            libraries.opentelemetry_of_node,
        )
    ),
    "fastify-metrics": Exposer(
        Server("fastify-metrics", "npm", libraries.FASTIFY_METRICS, libraries.fastify_metrics)
    ),
}
