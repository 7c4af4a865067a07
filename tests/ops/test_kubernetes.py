"""ops/kubernetes: what kubernetes-validate says, and what it passes over."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

import kubernetes_validate
import pytest
import yaml

from tests.ops.files import OPS, Scheduled, at, gap
from tests.ops.judging import objections

TEXT = (OPS / "kubernetes/cronjob.yaml").read_text()
VERSIONS = ("1.27", kubernetes_validate.latest_version())
"""The first in which time zones of CronJobs are stable, and the newest that is known."""
_EXPECTED: dict[tuple[str, ...], Any] = {
    ("concurrencyPolicy",): "Forbid",
    ("jobTemplate", "spec", "backoffLimit"): 0,
    **{
        ("jobTemplate", "spec", "template", "spec", *place): value
        for place, value in {
            ("restartPolicy",): "Never",
            ("automountServiceAccountToken",): False,
            ("securityContext", "runAsNonRoot"): True,
            ("securityContext", "seccompProfile", "type"): "RuntimeDefault",
        }.items()
    },
}
_EXPECTED_OF_CONTAINER: dict[tuple[str, ...], Any] = {
    ("securityContext", "allowPrivilegeEscalation"): False,
    ("securityContext", "readOnlyRootFilesystem"): True,
    ("securityContext", "capabilities", "drop"): ["ALL"],
}


def _by_the_tool(text: str, *versions: str) -> list[str]:
    """What the schemas of Kubernetes object to, with keys that they do not know."""
    found = []
    for document in yaml.safe_load_all(text):
        for version in versions:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                found.append(f"{version}: {error.message}")
    return found


def _by_us(text: str) -> list[str]:
    """What those schemas take for any text or number."""
    documents = {document["kind"]: document for document in yaml.safe_load_all(text)}
    job = documents["CronJob"]
    spec = job["spec"]
    run = spec["jobTemplate"]["spec"]
    pod = run["template"]["spec"]
    (container,) = pod["containers"]
    found = [
        f"{'.'.join(place)} is {at(tree, *place)!r}; expected {value!r}"
        for tree, expected in ((spec, _EXPECTED), (container, _EXPECTED_OF_CONTAINER))
        for place, value in expected.items()
        if at(tree, *place) != value
    ]
    if spec.get("timeZone") not in available_timezones():
        found.append(f"timeZone is {spec.get('timeZone')!r}, which is none")
    # Eleven characters of the Job's name, and six of the Pod's, come after it.
    if len(job["metadata"]["name"]) > 52:
        found.append("the name is longer than 52 characters")
    try:
        between = gap(spec["schedule"])
    except ValueError as error:
        return [*found, f"schedule: {error}"]
    if not 10 <= spec.get("startingDeadlineSeconds", 0) < between:
        found.append("startingDeadlineSeconds: expected 10 at least, and less than to the next")
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    found += [f"{name} is mounted, and no volume" for name in mounts.keys() - volumes.keys()]
    state = next((word.partition("=")[2] for word in container["args"] if word.startswith("--state=")), None)
    kept = [
        name for name, path in mounts.items() if path == state and "emptyDir" not in volumes.get(name, {})
    ]
    if not kept:
        found.append(f"--state is {state}, where nothing that lasts is mounted")
    claims = {at(volume, "persistentVolumeClaim", "claimName") for volume in volumes.values()} - {None}
    if claims != {at(documents, "PersistentVolumeClaim", "metadata", "name")}:
        found.append(f"found a claim {', '.join(sorted(claims))}, which is none of these documents")
    for limit in ("cpu", "memory"):
        if not at(container, "resources", "limits", limit):
            found.append(f"no limit of {limit}")
    if any("value" in variable for variable in container.get("env", ())):
        found.append("found a value in the environment; expected those of a secret")
    if not container["image"].partition(":")[2] or container["image"].endswith(":latest"):
        found.append("the image has no version")
    command = ["deployspec", *container["args"]]
    return found + objections(Scheduled(command, between, run.get("activeDeadlineSeconds", float("inf"))))


def test_it_is_sound() -> None:
    """By the schemas of two versions, and by us."""
    assert _by_the_tool(TEXT, *VERSIONS) == []
    assert _by_us(TEXT) == []


@pytest.mark.parametrize(
    ("sound", "faulty", "said"),
    [
        pytest.param("concurrencyPolicy:", "concurrencyPolice:", "Additional properties", id="misspelt-key"),
        pytest.param("backoffLimit: 0", "backoffLimit: none", "not of type", id="type"),
        pytest.param("args:", "arg:", "Additional properties", id="misspelt-key-of-a-container"),
        pytest.param(
            'schedule: "*/5 * * * *"',
            'timetable: "*/5 * * * *"',
            "'schedule' is a required",
            id="no-schedule",
        ),
    ],
)
def test_what_the_tool_sees(sound: str, faulty: str, said: str) -> None:
    """In each of the two versions."""
    found = _by_the_tool(_with(sound, faulty), *VERSIONS)
    assert [(one.partition(": ")[0], said in one) for one in found] == [
        (version, True) for version in VERSIONS
    ]


@pytest.mark.parametrize(
    ("sound", "faulty", "said"),
    [
        pytest.param("Forbid", "Never", "concurrencyPolicy is 'Never'", id="concurrency"),
        pytest.param("restartPolicy: Never", "restartPolicy: OnFailur", "restartPolicy is", id="restart"),
        pytest.param("Etc/UTC", "Mars/X", "timeZone is 'Mars/X', which is none", id="zone"),
        pytest.param('"*/5 * * * *"', '"*/5 * * 13 *"', "schedule: found '*/5 * * 13 *'", id="month"),
        pytest.param('"*/5 * * * *"', '"0 0 31 2 *"', "Bad day-of-month", id="never"),
        pytest.param('"*/5 * * * *"', '"@hourly"', "expected five fields", id="word"),
        pytest.param(
            '"*/5 * * * *"', '"*/10 * * * *"', "--interval is 300 s, and there are 600 s", id="interval"
        ),
        pytest.param(
            "startingDeadlineSeconds: 120", "startingDeadlineSeconds: 9", "10 at least", id="deadline"
        ),
        pytest.param("startingDeadlineSeconds: 120", "suspend: false", "10 at least", id="no-deadline"),
        pytest.param(
            "activeDeadlineSeconds: 180", "activeDeadlineSeconds: 60", "no time to end", id="limit-too-short"
        ),
        pytest.param(
            "activeDeadlineSeconds: 180", "activeDeadlineSeconds: 300", "not below", id="limit-too-long"
        ),
        pytest.param("activeDeadlineSeconds: 180", "parallelism: 1", "not below", id="no-limit"),
        pytest.param("backoffLimit: 0", "backoffLimit: 6", "backoffLimit is 6", id="repeated"),
        pytest.param("runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot is False", id="root"),
        pytest.param("RuntimeDefault", "Unconfined", "'Unconfined'", id="seccomp"),
        pytest.param(
            "readOnlyRootFilesystem: true", "privileged: false", "readOnlyRootFilesystem is", id="root-fs"
        ),
        pytest.param("drop: [ALL]", "drop: [KILL]", "capabilities.drop is", id="capabilities"),
        pytest.param(
            "allowPrivilegeEscalation: false",
            "allowPrivilegeEscalation: true",
            "allowPrivilegeEscalation is True",
            id="escalation",
        ),
        pytest.param(
            "automountServiceAccountToken: false",
            "hostNetwork: false",
            "automountServiceAccountToken",
            id="token",
        ),
        pytest.param("name: tmp, mountPath", "name: temp, mountPath", "temp is mounted", id="volume"),
        pytest.param("{name: state, mountPath", "{name: tmp, mountPath", "nothing that lasts", id="state"),
        pytest.param("claimName: deployspec-state", "claimName: state", "which is none of these", id="claim"),
        pytest.param('limits: {cpu: "1", ', "limits: {", "no limit of cpu", id="no-cpu-limit"),
        pytest.param("memory: 512Mi", "ephemeral-storage: 1Gi", "no limit of memory", id="no-memory-limit"),
        pytest.param(
            "              envFrom:",
            "              env: [{name: TOKEN, value: abc}]\n              envFrom:",
            "expected those of a secret",
            id="secret",
        ),
        pytest.param("deployspec:0.1.0", "deployspec", "no version", id="image"),
        pytest.param("--interval=5m", "--intervall=5m", "--intervall", id="option"),
        pytest.param("--deployment=production", "-v", "expected --deployment", id="no-deployment"),
        pytest.param("name: deployspec-probe\n", f"name: {'d' * 53}\n", "52 characters", id="long-name"),
    ],
)
def test_what_it_passes_over(sound: str, faulty: str, said: str) -> None:
    """kubernetes-validate takes it, with --strict too; we don't."""
    text = _with(sound, faulty)
    assert _by_the_tool(text, VERSIONS[-1]) == []
    assert said in " ".join(_by_us(text))


def _with(sound: str, faulty: str) -> str:
    assert sound in TEXT
    return TEXT.replace(sound, faulty)
