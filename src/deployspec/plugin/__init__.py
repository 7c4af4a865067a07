"""The pytest plugin: options, selection, fixtures, and how verdicts are told. The only code that knows pytest."""

pytest_plugins = [
    "deployspec.plugin.options",
    "deployspec.plugin.deployments",
    "deployspec.plugin.selection",
    "deployspec.plugin.sharing",
    "deployspec.plugin.outcomes",
    "deployspec.chapters.slo.fixtures.interrupting",
    "deployspec.chapters.health.fixtures",
    "deployspec.chapters.logs.items",
    "deployspec.chapters.logs.fixtures",
    "deployspec.chapters.alerts.fixtures.running",
    "deployspec.chapters.alerts.items",
    "deployspec.chapters.alerts.fixtures.offline",
    "deployspec.chapters.alerts.fixtures.live",
    "deployspec.chapters.mutation.fixtures",
    "deployspec.chapters.slo.items",
    "deployspec.chapters.slo.fixtures.fixtures",
    "deployspec.plugin.shared",
    "deployspec.plugin.recording",
]
