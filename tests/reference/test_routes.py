"""The routes of the reference Deal Scout."""

import pytest

from reference.process import Reference

from .client import ask, until, value

pytestmark = pytest.mark.xdist_group("deal-scout")

SNAP = {"title": "Folding bike", "category": "bikes", "condition": "good"}


def test_ping_answers(reference: Reference) -> None:
    """The process says that it is alive."""
    assert ask(reference, "/ping").json == {"ping": "pong"}


def test_listings_come_cheapest_first_and_limited(reference: Reference) -> None:
    """Listings are sorted by price, twenty unless a limit is given."""
    answer = ask(reference, "/listings").json
    prices = [item["price"] for item in answer["items"]]
    assert len(prices) == answer["count"] == 20
    assert prices == sorted(prices)
    assert len(ask(reference, "/listings?limit=3").json["items"]) == 3


def test_listings_are_filtered(reference: Reference) -> None:
    """Category and highest price are both heeded; the price itself is included."""
    books = ask(reference, "/listings?category=books&limit=100").json["items"]
    assert len(books) == 12
    assert {item["category"] for item in books} == {"books"}
    middle = books[5]["price"]
    cheap = ask(reference, f"/listings?category=books&price_max={middle}&limit=100").json["items"]
    assert cheap == [item for item in books if item["price"] <= middle]
    assert ask(reference, "/listings?category=boats").json == {"items": [], "count": 0}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "price_max=-1", "price_max=x"])
def test_listings_refuse_nonsense(reference: Reference, query: str) -> None:
    """A filter that makes no sense is the client's error."""
    assert ask(reference, f"/listings?{query}").status == 422


def test_snap_is_priced_and_can_be_withdrawn(reference: Reference) -> None:
    """A snap is accepted, pending, then ready with a price; deleted, it is gone."""
    accepted = ask(reference, "/seller/snap", method="POST", body=SNAP, seller=True)
    assert accepted.status == 202
    assert accepted.json["status"] == "pending"
    path = f"/seller/snap/{accepted.json['id']}"
    assert ask(reference, path, seller=True).json["status"] in ("pending", "ready")
    ready = until(lambda: (snap := ask(reference, path, seller=True).json)["status"] == "ready" and snap)
    assert ready["suggested_price"] == 310.0
    assert ready["title"] == SNAP["title"]
    assert ask(reference, path, method="DELETE", seller=True).status == 204
    assert ask(reference, path, seller=True).status == 404
    assert ask(reference, path, method="DELETE", seller=True).status == 404


def test_snap_without_comparables_fails_with_a_reason(reference: Reference) -> None:
    """A snap that nothing compares to ends as failed, and says why."""
    body = {"title": "Dinghy", "category": "boats"}
    path = f"/seller/snap/{ask(reference, '/seller/snap', method='POST', body=body, seller=True).json['id']}"
    failed = until(lambda: (snap := ask(reference, path, seller=True).json)["status"] != "pending" and snap)
    assert (failed["status"], failed["problem"]) == ("failed", "no comparable listings")


def test_price_is_suggested(reference: Reference) -> None:
    """A price comes with the range around it; what nothing compares to has none."""
    answer = ask(
        reference, "/seller/pricing/suggest", method="POST", body={"category": "bikes"}, seller=True
    ).json
    assert answer == {"suggested_price": 310.0, "low": 119.0, "high": 723.0, "comparables": 15}
    unknown = ask(
        reference, "/seller/pricing/suggest", method="POST", body={"category": "boats"}, seller=True
    )
    assert unknown.status == 404


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic {token}"}, {"Authorization": "Bearer"}],
    ids=["none", "wrong", "other-scheme", "empty"],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/seller/snap"),
        ("GET", "/seller/snap/x"),
        ("DELETE", "/seller/snap/x"),
        ("POST", "/seller/pricing/suggest"),
    ],
)
def test_seller_routes_want_the_token(
    reference: Reference, method: str, path: str, headers: dict[str, str]
) -> None:
    """Without the bearer token there is a 401 with the challenge, whatever the body."""
    token = reference.deployment["headers"]["Authorization"].removeprefix("Bearer ")
    sent = {name: value.replace("{token}", token) for name, value in headers.items()}
    answer = ask(reference, path, method=method, headers=sent)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_tasks_wait_while_the_worker_is_stopped(reference: Reference) -> None:
    """Without the worker each snap that is queued stays in the queue, and with it again all are priced."""
    body = {"title": "Atlas", "category": "books"}
    with reference.broken("worker-stopped"):
        snaps = [
            ask(reference, "/seller/snap", method="POST", body=body, seller=True).json["id"] for _ in range(5)
        ]
        assert ask(reference, "/health").json["queue_depth"] == 5
        assert value(reference, "celery_queue_length", queue="celery") == 5
    for snap in snaps:
        path = f"/seller/snap/{snap}"
        # A worker that begins anew on a busy machine takes its time.
        until(lambda path=path: ask(reference, path, seller=True).json["status"] == "ready", 60.0)
