"""What the load generator is told of who asks: one token for the whole run, and the client's certificate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployspec.app import OURS
from deployspec.chapters.slo.fixtures.planning import plan_of
from deployspec.chapters.slo.load.plan import Plan
from deployspec.deployment import Deployment, load
from deployspec.model.verdict import Unmeasured


def described(folder: Path, auth: str, url: str = "http://127.0.0.1:9") -> Deployment:
    """A deployment with 20 s of load, and 2 s of warm-up before and 10 s of patience after it."""
    path = folder / "there.yaml"
    requests = "[{name: a, path: /a}, {name: b, path: /b, headers: {authorization: own-one}}]"
    path.write_text(
        f"base_url: {url}\nallow: [load]\n{auth}\n"
        f"load: {{arrival_rate: 10, duration: 20s, requests: {requests}}}\n"
    )
    return load(path, {}, OURS, ())


def test_a_load_run_takes_one_token(tmp_path: Path) -> None:
    """For all kinds of requests but those that have a header of their own."""
    plan = plan_of(described(tmp_path, "auth: {command: [echo, token-number-1], lifetime: 1h}"), (), None)
    assert "token-number-1" not in repr(plan)
    sent = [
        {name.lower(): value for name, value in route.headers.items()}["authorization"]
        for route in plan.routes
    ]
    assert sent == ["Bearer token-number-1", "own-one"]


def test_a_token_that_ends_before_the_run(tmp_path: Path) -> None:
    """No load is made with it: what it would meet at its end is no fault of the deployment."""
    with pytest.raises(
        Unmeasured, match=r"from auth.command may be used for \d+ s, and the run may take 32 s"
    ):
        plan_of(described(tmp_path, "auth: {command: [echo, token-number-1], lifetime: 20s}"), (), None)


def test_no_token(tmp_path: Path) -> None:
    """No load is made without it."""
    with pytest.raises(Unmeasured, match=r"auth.command \(true\) printed nothing"):
        plan_of(described(tmp_path, "auth: {command: ['true']}"), (), None)


def test_client_certificate(tmp_path: Path) -> None:
    """It is told where it is, once it is known to be usable."""
    import trustme

    trustme.CA().issue_cert("a.test").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "c.pem"))
    said = "client_certificate: {certificate: c.pem, password: s3same-0pen}"
    plan = plan_of(described(tmp_path, said, "https://127.0.0.1:9"), (), None)
    assert plan.client_certificate == (str(tmp_path / "c.pem"), None, "s3same-0pen")
    assert Plan.from_document(json.loads(json.dumps(plan.document()))) == plan
    assert "s3same" not in repr(plan)
    (tmp_path / "c.pem").write_text("no certificate")
    with pytest.raises(Unmeasured, match="cannot be used: expected PEM form"):
        plan_of(described(tmp_path, said, "https://127.0.0.1:9"), (), None)
