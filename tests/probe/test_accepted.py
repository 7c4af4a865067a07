"""A probe of a deployment with breaches that its team has accepted."""

from __future__ import annotations

import json

from tests.probe.shop import Receiver, Shop

PAST = "2020-02-29"
FUTURE = "9999-12-31"


def accept(
    shop: Shop, until: str = FUTURE, check: str = "shop.open", name: str = "accepted.yaml", **more: str
) -> None:
    """Write the file of accepted breaches."""
    keys = {
        "check": check,
        "deployment": "shop",
        "owner": "shop team",
        "reason": "rebuilding",
        "until": until,
        **more,
    }
    text = "accepted:\n" + "  - {" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}\n"
    (shop.folder / name).write_text(text)


def test_an_accepted_breach_wakes_nobody(shop: Shop, receiver: Receiver) -> None:
    """It is pushed as breached and accepted, and is no success."""
    shop.probe()
    success = receiver.metrics()["run_last_success_timestamp_seconds"]
    shop.is_("closed")
    accept(shop)

    assert shop.probe() == (0, "")

    told = receiver.metrics()
    assert told["check_verdict"][("shop.open", "shop", "breached")] == 1
    assert told["check_accepted"] == {
        ("shop.open", "shop"): 1,
        ("shop.slow", "shop"): 0,
        ("shop.till", "shop"): 0,
    }
    assert told["run_last_success_timestamp_seconds"] == success
    assert told["run_last_completion_timestamp_seconds"][()] > success[()]
    entry = shop.records()[-1]["checks"][0]
    assert (entry["id"], entry["verdict"], entry["accepted"]["until"]) == ("shop.open", "BREACHED", FUTURE)
    assert "1 BREACHED (1 accepted)" in shop.probe("-v")[1]


def test_an_acceptance_that_has_expired_is_none(shop: Shop, receiver: Receiver) -> None:
    """The line says so, and the metric is 0."""
    shop.is_("closed")
    accept(shop, PAST)

    assert shop.probe() == (
        1,
        "BREACHED shop.open: it is closed; its acceptance expired on 2020-02-29 (accepted.yaml:2)\n",
    )
    assert receiver.metrics()["check_accepted"][("shop.open", "shop")] == 0


def test_a_check_that_is_met_again_fails_and_is_met(shop: Shop, receiver: Receiver) -> None:
    """The entry has to go; the deployment is all well."""
    accept(shop)

    assert shop.probe() == (
        1,
        "MET shop.open: MET again, and accepted.yaml:2 accepts that it is BREACHED: remove the entry, or say `strict: false` in it\n",
    )
    told = receiver.metrics()
    assert told["check_verdict"][("shop.open", "shop", "met")] == 1
    assert told["check_accepted"][("shop.open", "shop")] == 0
    assert "run_last_success_timestamp_seconds" in told


def test_an_entry_for_no_check_is_a_line(shop: Shop, receiver: Receiver) -> None:
    """What was measured is pushed all the same."""
    accept(shop, check="shop.opne")

    status, output = shop.probe()

    assert (status, output.count("\n")) == (1, 1)
    assert output.startswith("accepted.yaml:2: found check: shop.opne, and no check has such an id;")
    assert receiver.metrics()["check_verdict"][("shop.open", "shop", "met")] == 1


def test_another_file(shop: Shop) -> None:
    """As pytest takes it."""
    shop.is_("closed")
    accept(shop, name="ours.yaml")

    assert shop.probe("--accept", "ours.yaml") == (0, "")


def test_a_file_that_cannot_be_used_is_refused(shop: Shop, receiver: Receiver) -> None:
    """With all that is wrong with it."""
    accept(shop, deploymint="shop", why="so")

    status, output = shop.probe()

    assert status == 4
    assert [line.partition(": found")[2].partition(";")[0] for line in output.splitlines()] == [
        " the unknown key deploymint",
        " the unknown key why",
    ]
    assert receiver.requests == []


def test_an_accepted_breach_is_no_news(shop: Shop, receiver: Receiver) -> None:
    """That its acceptance has expired is."""
    shop.describe(f"push: [{{name: there, kind: webhook, url: '{receiver.url}/hook'}}]")
    shop.is_("closed")
    accept(shop)
    shop.probe()
    assert receiver.requests == []

    accept(shop, PAST)
    shop.probe()

    ((_, _, body),) = receiver.requests
    (change,) = json.loads(body)["changes"]
    assert (change["check"], change["verdict"], change["before"]) == ("shop.open", "BREACHED", None)
    assert "its acceptance expired on 2020-02-29" in change["reason"]
