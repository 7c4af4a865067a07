"""What a Prometheus scrapes, and which labels of its series come from there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deployspec.base import shown
from deployspec.languages.prometheus.answers import NotUnderstood, field
from deployspec.languages.prometheus.model import Unavailable
from deployspec.languages.promql.selectors import Matcher

MADE_BY_SCRAPES = frozenset(
    (
        "up",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
        "scrape_samples_post_metric_relabeling",
        "scrape_series_added",
        "scrape_timeout_seconds",
        "scrape_sample_limit",
        "scrape_body_size_bytes",
    )
)
"""Metrics that Prometheus makes of each scrape: they have the labels of the target, and no others."""
_REWRITING = ("replace", "labelmap", "hashmod", "lowercase", "uppercase")
_RECEIVING = ("web.enable-remote-write-receiver", "web.enable-otlp-receiver")
_RECEIVING_FEATURES = ("remote-write-receiver", "otlp-write-receiver")


@dataclass(frozen=True)
class Job:
    """A job of the scrape configuration."""

    name: str
    labels: frozenset[tuple[str, str]] = frozenset()
    """The labels that it gives to targets by name."""
    discovers: bool = False
    """Whether other targets may come, with labels that nobody knows yet."""
    renames: bool = False
    """Whether a target that it discovers may get another ``job``."""
    honors: bool = False
    """Whether what it scrapes may bring ``job`` and the like itself (``honor_labels``, ``metric_relabel_configs``)."""
    federates: bool = False
    """Whether it takes over the series of another Prometheus, ``up`` included."""


@dataclass(frozen=True)
class Targets:
    """The labels that targets bring."""

    active: tuple[Mapping[str, str], ...]
    """Of each target that is scraped now, after relabelling."""
    jobs: tuple[Job, ...]
    elsewhere: str = ""
    """How series come there that it does not scrape; empty where they do not."""

    def bring(self, label: str, jobs: Collection[str]) -> bool:
        """Whether this label of a metric with these values of ``job`` is the targets' and not the application's."""
        own = [target for target in self.active if target.get("job") in jobs]
        names = {target["job"] for target in own}
        honoring = {job.name for job in self.jobs if job.honors}
        return (
            bool(jobs)
            and names == set(jobs)
            and not names & honoring
            and all(label in target for target in own)
        )

    def values(self, label: str) -> frozenset[str]:
        """The values that targets have now."""
        return frozenset(target[label] for target in self.active if label in target)

    def together(self, matchers: Collection[Matcher]) -> bool:
        """Whether a target that is scraped now meets all of them, or a job that has none now."""
        scraped = {target.get("job") for target in self.active}
        of_jobs = [
            dict(job.labels) | {"job": job.name}
            for job in self.jobs
            if job.name not in scraped and any(one.label == "job" for one in matchers)
        ]
        return any(
            all(one.matches(target.get(one.label, "")) for one in matchers) for target in self.active
        ) or any(
            all(one.matches(labels[one.label]) for one in matchers if one.label in labels)
            for labels in of_jobs
        )

    def without_target(self, matcher: Matcher) -> str:
        """The job of the configuration that meets the matcher, whatever its targets are now; empty where none does."""
        for job in self.jobs:
            named = [value for label, value in (*job.labels, ("job", job.name)) if label == matcher.label]
            if any(map(matcher.matches, named)):
                return job.name
        return ""

    def may_come(self, label: str, of_job: Iterable[Matcher]) -> str:
        """The job whose discovery may bring a value of the label that no target has now; empty where none does."""
        wanted = tuple(of_job)
        for job in self.jobs:
            fits = job.renames or all(matcher.matches(job.name) for matcher in wanted)
            if job.renames if label == "job" else job.discovers and fits:
                return job.name
        return ""

    @property
    def federating(self) -> str:
        """The job that takes over series of another Prometheus; empty where there is none."""
        return next((job.name for job in self.jobs if job.federates), "")


def read_targets(targets: object, config: object, flags: object) -> Targets | Unavailable:
    """Read the data of ``/api/v1/targets``, ``/api/v1/status/config`` and ``/api/v1/status/flags``.

    Unavailable where one of them is not of Prometheus' form: a target that was not understood must not pass for none.
    """
    try:
        return _read(targets, config, flags)
    except NotUnderstood as error:
        return Unavailable(f"what it scrapes could not be understood: {error}")


def _read(targets: object, config: object, flags: object) -> Targets:
    import yaml

    active = _mappings(targets, "activeTargets", "what it says of targets")
    labels = tuple(_labels(target, "a target") for target in active)
    text = field(config, "yaml", "what it says of its configuration", str)
    try:
        document = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotUnderstood(f"the configuration is not YAML: {shown.one_line(str(error), 80)}") from None
    jobs = tuple(_job(one) for one in _mappings(document, "scrape_configs", "the configuration", []))
    if not isinstance(flags, dict):
        raise NotUnderstood("the flags are not a mapping")
    return Targets(labels, jobs, _elsewhere(document, flags, jobs))


def _elsewhere(document: Mapping[str, Any], flags: Mapping[str, Any], jobs: tuple[Job, ...]) -> str:
    features = str(flags.get("enable-feature", "")).strip("[]").replace(",", " ").split()
    if any(str(flags.get(name, "")).lower() == "true" for name in _RECEIVING) or any(
        feature in features for feature in _RECEIVING_FEATURES
    ):
        return "others may write series into it"
    if document.get("remote_read"):
        return "it reads series of another store"
    if document.get("scrape_config_files"):
        return "a part of its scrape configuration is in files of their own"
    return "" if jobs else "it scrapes nothing itself"


def _job(one: Mapping[str, Any]) -> Job:
    name = one.get("job_name")
    if name is None:
        raise NotUnderstood("a scrape configuration has no job_name")
    discovering = [key for key, value in one.items() if key.endswith("_sd_configs") and value]
    static = _mappings(one, "static_configs", "a scrape configuration", [])
    labels = [pair for part in static for pair in _labels(part, "a static configuration").items()]
    relabels = _rewriting(one, "relabel_configs")
    # Targets in files and from HTTP may say their job themselves; those of other kinds have it from relabelling.
    says_itself = bool({"file_sd_configs", "http_sd_configs"} & set(discovering))
    named = [rule for rule in relabels if _may_set(rule, "job")]
    honors = one.get("honor_labels") is True
    return Job(
        str(name),
        frozenset(labels),
        discovers=bool(discovering),
        renames=bool(discovering) and (says_itself or bool(named)),
        honors=honors or bool(_rewriting(one, "metric_relabel_configs")),
        federates=honors and str(one.get("metrics_path", "")).rstrip("/").endswith("/federate"),
    )


def _rewriting(job: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rules = _mappings(job, key, "a scrape configuration", [])
    return [rule for rule in rules if rule.get("action", "replace") in _REWRITING]


def _may_set(rule: Mapping[str, Any], label: str) -> bool:
    target = str(rule.get("target_label", ""))
    return rule.get("action") == "labelmap" or target == label or "$" in target


def _mappings(found: object, key: str, where: str, default: object = None) -> list[Mapping[str, Any]]:
    read: list[Mapping[str, Any]] = field(found, key, where, list, default)
    if not all(isinstance(one, dict) for one in read):
        raise NotUnderstood(f"{where} has {key} that are not objects")
    return read


def _labels(found: object, where: str) -> Mapping[str, str]:
    return {str(name): str(value) for name, value in field(found, "labels", where, dict, {}).items()}
