"""The Prometheus probe: what it asks, what it understands, and what becomes of everything else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployspec.base.secret import Secret
from deployspec.languages.prometheus.model import LoadedRules, Observed, Unavailable
from deployspec.languages.prometheus.targets import Job, Targets
from deployspec.model.http import Answer, Failure
from deployspec.tools.http import Proxies, Request, call
from deployspec.tools.prometheus.asking import CONNECTIONS, Prometheus, Send
from tests.tools.http.asking import PATIENT
from tests.tools.prometheus.fake import Answers, Question, Reply, fake_prometheus, success

UP = '{__name__="up"}'
METRICS = ["up", "requests_total"]
LABELS = {UP: ["__name__", "instance", "job"], '{__name__="gone"}': []}
VALUES = {"job": ["api", "node"], "instance": ["a:1", "b:1"]}


def transport(**headers: Secret) -> Send:
    """The HTTP probe, with these headers."""

    def send(url: str, *, timeout: float, max_body: int) -> Answer | Failure:
        asked = Request(url=url, headers=headers, timeout=timeout, max_body=max_body, proxies=Proxies())
        return call(asked).result

    return send


def probe(url: str, **more: Any) -> Prometheus:
    """The probe with a patient transport and a window of an hour."""
    told: dict[str, Any] = {"send": transport(), "window": 3600.0, "timeout": PATIENT}
    return Prometheus(url, **(told | more))


def healthy(question: Question) -> Reply:
    """Answer as a Prometheus that has `up` and `requests_total`."""
    match question.path.split("/")[3:]:
        case ["label", "__name__", "values"]:
            return success(METRICS)
        case ["labels"]:
            return success(LABELS[question.query["match[]"][0]])
        case ["label", label, "values"]:
            return success(VALUES[label])
        case ["rules"]:
            return success({"groups": []})
        case ["status", "buildinfo"]:
            return success({"version": "3.5.0"})
        case ["targets"]:
            return success({"activeTargets": [{"labels": {"job": "api"}}]})
        case ["status", "config"]:
            return success({"yaml": "scrape_configs: [{job_name: api}]"})
        case ["status", "flags"]:
            return success({})
    return Reply(b"", 404)


def test_what_is_observed() -> None:
    """All names, the label names of what is wanted, and the values of the wanted labels that are there."""
    wanted = {UP: frozenset({"job", "shard"}), '{__name__="gone"}': frozenset({"job"})}
    with fake_prometheus(healthy) as fake:
        began = time.time()
        observed = probe(fake.url + "/").observe(wanted)
    assert observed == Observed(
        metrics=frozenset(METRICS),
        labels={UP: frozenset(LABELS[UP]), '{__name__="gone"}': frozenset()},
        values={(UP, "job"): frozenset({"api", "node"})},
        window=3600.0,
    )
    assert sorted((asked.path, asked.query.get("match[]")) for asked in fake.asked) == [
        ("/api/v1/label/__name__/values", None),
        ("/api/v1/label/job/values", [UP]),
        ("/api/v1/labels", ['{__name__="gone"}']),
        ("/api/v1/labels", [UP]),
    ]
    for asked in fake.asked:
        assert float(asked.query["start"][0]) == pytest.approx(began - 3600, abs=30)
        assert "end" not in asked.query


def test_which_histograms_are_native_is_asked() -> None:
    """A metric of which `le` is wanted and that has none is asked whether it is a native histogram."""

    def answers(question: Question) -> Reply:
        if question.path.endswith("/query"):
            queries.append(question.query["query"][0])
            native = [{"metric": {}, "value": [1, "2"]}] if '"latency"' in queries[-1] else []
            return success({"resultType": "vector", "result": native})
        if question.path.endswith("/labels"):
            gone, classic = "gone" in question.query["match[]"][0], "classic" in question.query["match[]"][0]
            return success([] if gone else ["__name__", "le"] if classic else ["__name__"])
        return success(["latency", "gauge", "classic"])

    queries: list[str] = []
    names = ("latency", "gauge", "classic", "gone")
    with fake_prometheus(answers) as fake:
        wanted = {f'{{__name__="{name}"}}': frozenset({"le"}) for name in names}
        found = probe(fake.url).observe(wanted)
    assert isinstance(found, Observed)
    assert found.native == {"latency"}
    assert sorted(queries) == [
        f'count(histogram_count(last_over_time({{__name__="{name}"}}[3600000ms])) or histogram_count({{__name__="{name}"}}))'
        for name in ("gauge", "latency")
    ]


@pytest.mark.parametrize(
    ("selector", "native"),
    [('{__name__=~"latency.*"}', set()), ('{__name__="a,\\"b",job="api"}', {'a,"b'})],
)
def test_a_native_histogram_that_is_asked_for_otherwise(selector: str, native: set[str]) -> None:
    """By a pattern of names, which says no single one, or by its job too."""

    def answers(question: Question) -> Reply:
        if question.path.endswith("/query"):
            return success({"resultType": "vector", "result": [{"metric": {}, "value": [1, "2"]}]})
        return success(["__name__"])

    with fake_prometheus(answers) as fake:
        found = probe(fake.url).observe({selector: frozenset({"le"})})
    assert isinstance(found, Observed)
    assert found.native == native


def test_what_is_scraped() -> None:
    """Targets, configuration and flags are asked for; one without an answer leaves all unavailable."""
    with fake_prometheus(healthy) as fake:
        assert probe(fake.url).targets() == Targets(({"job": "api"},), (Job("api"),))
        assert [asked.path.removeprefix("/api/v1/") for asked in fake.asked] == [
            "targets",
            "status/config",
            "status/flags",
        ]
        assert fake.asked[0].query == {"state": ["active"]}
    for missing in ("targets", "status/config", "status/flags"):

        def answers(question: Question, missing: str = missing) -> Reply:
            return Reply(b"404 page not found", 404) if question.path.endswith(missing) else healthy(question)

        with fake_prometheus(answers) as fake:
            found = probe(fake.url).targets()
        assert found == Unavailable(f"Prometheus at {fake.url} answers with an error (status 404)")


def test_the_path_prefix_is_kept() -> None:
    """A Prometheus below a path is asked below it."""

    def below(question: Question) -> Reply:
        assert question.path.startswith("/prometheus/api/v1/")
        return healthy(Question(question.path.removeprefix("/prometheus"), question.query, {}))

    with fake_prometheus(below) as fake:
        below_it = probe(f"{fake.url}/prometheus/")
        assert isinstance(below_it.observe({UP: frozenset({"job"})}), Observed)
        assert below_it.loaded_rules() == LoadedRules(())
        assert below_it.version() == "3.5.0"


def test_the_transports_headers_are_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The headers are the transport's alone: no password out of a .netrc, no proxy out of the environment."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with fake_prometheus(healthy) as fake:
        asking = probe(fake.url, send=transport(Authorization=Secret("Bearer prometheus-token")))
        assert isinstance(asking.observe({UP: frozenset()}), Observed)
    assert {asked.headers["Authorization"] for asked in fake.asked} == {"Bearer prometheus-token"}


def test_questions_are_asked_four_at_a_time() -> None:
    """As many as four questions are on their way at once, and no more."""
    busy = most = 0
    lock = threading.Lock()
    four = threading.Barrier(CONNECTIONS)

    def count(question: Question) -> Reply:
        nonlocal busy, most
        if not question.path.endswith("/labels"):
            return healthy(question)
        with lock:
            busy += 1
            most = max(most, busy)
        four.wait(PATIENT)
        with lock:
            busy -= 1
        return success(["__name__"])

    with fake_prometheus(count) as fake:
        wanted = {f'{{__name__="m{number}"}}': frozenset[str]() for number in range(3 * CONNECTIONS)}
        assert isinstance(probe(fake.url).observe(wanted), Observed)
    assert most == CONNECTIONS


# id, the answer, what is said after "Prometheus at URL ".
REFUSED: list[tuple[str, Reply, str]] = [
    ("status-401", Reply(b"no", 401, "text/plain"), "rejected the credentials (status 401); see prometheus.headers or prometheus.auth in the deployment file"),
    ("status-403", Reply({"status": "success", "data": []}, 403), "rejected the credentials (status 403); see prometheus.headers or prometheus.auth in the deployment file"),
    ("status-404", Reply(b"404 page not found", 404, "text/plain"), "answers with an error (status 404)"),
    ("status-503", Reply(b"Service Unavailable", 503, "text/plain"), "answers with an error (status 503)"),
    ("status-204", Reply(b"", 204), "answers with an error (status 204)"),
    ("error-200", Reply({"status": "error", "errorType": "timeout", "error": "query timed out"}), "answers with an error (status 200): query timed out"),
    ("error-422", Reply({"status": "error", "error": "too\nmany"}, 422), "answers with an error (status 422): too\\nmany"),
    ("login-page", Reply(b"\n<!doctype html><title>Sign in</title>", 200, "text/html"), "answers with a web page instead of JSON: is it a login page, or something else's address?"),
    ("text", Reply(b"hello \x1b[31m", 200), "answers with something that is not JSON: hello \\x1b[31m"),
    ("empty", Reply(b"", 200), "answers with something that is not JSON: "),
    ("cut", Reply(b'{"status": "success", "data": [', 200), 'answers with something that is not JSON: {"status": "success", "data": ['),
    ("deep", Reply(b"[" * 100_000, 200), "answers with something that is not JSON: " + "[" * 79 + "…"),
    ("list", Reply([], 200), "answers with JSON in a form that is not Prometheus': no status success with data"),
    ("no-data", Reply({"status": "success"}), "answers with JSON in a form that is not Prometheus': no status success with data"),
    ("about the query", success([], warnings=["PromQL warning: no le"]), "has a warning about the query: PromQL warning: no le"),
    ("partial and about the query", success([], warnings=["PromQL warning: no le", "store 2 is down"]), "answers only in part, with a warning: PromQL warning: no le; store 2 is down"),
    ("partial", success([], warnings=["store 2 is down"]), "answers only in part, with a warning: store 2 is down"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "said"), [pytest.param(reply, said, id=name) for name, reply, said in REFUSED]
)
def test_what_is_no_whole_success_is_unavailable(reply: Reply, said: str) -> None:
    """Whatever is not a whole answer of success is told in one line, whichever question it was."""
    with fake_prometheus(lambda _: reply) as fake:
        asking = probe(fake.url)
        for found in (asking.observe({UP: frozenset()}), asking.loaded_rules(), asking.version()):
            assert found == Unavailable(f"Prometheus at {fake.url} {said}")


def test_a_remark_on_a_query_is_no_warning() -> None:
    """Prometheus 2.47 to 2.55 remarks among its warnings that a counter's name is unusual: nothing is left out."""
    remark = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count: "h_bucket"'
    with fake_prometheus(lambda _: success(["a"], warnings=[remark])) as fake:
        assert isinstance(probe(fake.url).observe({}), Observed)
    with fake_prometheus(lambda _: success(["a"], warnings=[remark, "store 2 is down"])) as fake:
        found = probe(fake.url).observe({})
    assert isinstance(found, Unavailable)
    assert found.reason.endswith("answers only in part, with a warning: store 2 is down")


@pytest.mark.parametrize("data", [{"a": 1}, "up", [1], [None], [["up"]]])
def test_data_of_another_type_is_unavailable(data: object) -> None:
    """Names are a list of texts; other data is not taken for names."""
    with fake_prometheus(lambda _: success(data)) as fake:
        found = probe(fake.url).observe({})
        assert found == Unavailable(
            f"Prometheus at {fake.url} answers with data that are not a list of names"
        )


def test_rules_that_are_not_understood_are_unavailable() -> None:
    """Rules of another form are not taken for none."""
    with fake_prometheus(lambda _: success([])) as fake:
        found = probe(fake.url).loaded_rules()
    reason = "the loaded rules could not be understood: the answer is an array of 0 items, not an object"
    assert found == Unavailable(reason)


def test_no_names_may_be_null() -> None:
    """An empty list may be written as null."""
    with fake_prometheus(lambda _: success(None)) as fake:
        found = probe(fake.url).observe({UP: frozenset()})
    assert found == Observed(frozenset(), {UP: frozenset()}, {}, 3600.0)


def test_a_failure_of_a_later_question_is_unavailable() -> None:
    """Labels or values that could not be asked for are no labels: the whole measurement is unavailable."""
    for failing in ("/api/v1/labels", "/api/v1/label/job/values"):

        def answers(question: Question, failing: str = failing) -> Reply:
            return (
                Reply({"status": "error", "error": "busy"}, 503)
                if question.path == failing
                else healthy(question)
            )

        with fake_prometheus(answers) as fake:
            found = probe(fake.url).observe({UP: frozenset({"job"})})
        assert found == Unavailable(f"Prometheus at {fake.url} answers with an error (status 503): busy")


def test_nobody_listens() -> None:
    """A Prometheus that is not there is unavailable."""
    with fake_prometheus(healthy) as fake:
        url = fake.url
    found = probe(url).loaded_rules()
    assert isinstance(found, Unavailable)
    assert found.reason.startswith(
        f"Prometheus at {url} did not answer: connection refused by 127.0.0.1 port "
    )


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (
            {"timeout": 0.3},
            "did not answer: the time limit of 0.3 s ran out while waiting for the response's headers",
        ),
        ({"time_limit": 0.3}, "did not answer all queries within 0.3 s"),
    ],
    ids=["of-a-question", "of-all"],
)
def test_a_prometheus_that_hangs(limits: dict[str, float], said: str) -> None:
    """The time limit holds, of one question and of all."""
    released = threading.Event()

    def hang(question: Question) -> Reply:
        released.wait(PATIENT)
        return healthy(question)

    with fake_prometheus(hang) as fake:
        found = probe(fake.url, **limits).observe({})
        released.set()
    assert found == Unavailable(f"Prometheus at {fake.url} {said}")


def test_many_questions_share_one_time_limit() -> None:
    """When the time for all questions is over, no further one is asked."""
    sent = []

    def slow(url: str, *, timeout: float, max_body: int) -> Answer | Failure:
        sent.append(timeout)
        time.sleep(0.02)
        return transport()(url, timeout=PATIENT, max_body=max_body)

    with fake_prometheus(lambda _: success(["__name__"])) as fake:
        wanted = {f'{{__name__="m{number}"}}': frozenset[str]() for number in range(500)}
        found = probe(fake.url, send=slow, time_limit=0.3).observe(wanted)
    assert found == Unavailable(f"Prometheus at {fake.url} did not answer all queries within 0.3 s")
    assert len(sent) < 500
    assert max(sent) <= 0.3


def big(size: int) -> Callable[[Question], Reply]:
    """Answer with as many bytes of names."""
    frame = len(b'{"status": "success", "data": [""]}')
    return lambda _: success(["a" * (size - frame)])


@pytest.mark.parametrize(("size", "held"), [(1999, True), (2000, True), (2001, False)])
def test_the_size_limit(size: int, held: bool) -> None:
    """An answer may be as large as the limit, and not a byte larger."""
    with fake_prometheus(big(size)) as fake:
        found = probe(fake.url, max_body=2000).observe({})
    if held:
        assert isinstance(found, Observed)
    else:
        assert isinstance(found, Unavailable)
        assert "did not answer: the body is larger than the limit of 2000 bytes" in found.reason


def test_values_past_the_size_limit_are_left_out() -> None:
    """A label with more values than an answer may hold is nothing to fail for: its values are not known."""

    def answers(question: Question) -> Reply:
        return success(["a" * 5000]) if question.path.endswith("/label/job/values") else healthy(question)

    asked: Answers = answers
    with fake_prometheus(asked) as fake:
        found = probe(fake.url, max_body=2000).observe({UP: frozenset({"job", "instance"})})
    assert isinstance(found, Observed)
    assert found.values == {(UP, "instance"): frozenset({"a:1", "b:1"})}


def test_a_url_that_the_library_does_not_like() -> None:
    """What prometheus-api-client's own library refuses to ask is unavailable, too."""
    found = probe("http://☃.example").observe({})
    assert isinstance(found, Unavailable)
    assert " could not be asked: " in found.reason


def test_a_metrics_name_may_be_any_text() -> None:
    """Prometheus 3 allows any name: selectors travel unharmed, and labels that are not words have no values."""
    odd = '{__name__="a \\"b\\" & c=d/é#?"}'

    def answers(question: Question) -> Reply:
        if question.path.endswith("/labels"):
            assert question.query["match[]"] == [odd]
            return success(["__name__", "x/../y"])
        return healthy(question)

    with fake_prometheus(answers) as fake:
        found = probe(fake.url).observe({odd: frozenset({"x/../y"})})
    assert isinstance(found, Observed)
    assert found.values == {}
