"""More requests than the reference can serve: some are served, the others refused, and all of them counted."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from reference.deal_scout.admission import Admission, OverloadedError
from reference.deal_scout.database import POOL_SIZE
from reference.process import Reference

from .client import ask, ask_at_once, until, value

pytestmark = pytest.mark.xdist_group("deal-scout-busy")

TIMES = 8 * POOL_SIZE


def test_more_than_can_be_served_is_refused_and_counted(reference: Reference) -> None:
    """While all turns are taken the rest is refused at once or soon, /health is still asked, and all ends with the cause."""

    def counted() -> float:
        labels = {"method": "GET", "path": "/listings", "status": "503"}
        requests = value(reference, "deal_scout_requests_total", **labels)
        assert value(reference, "deal_scout_request_duration_seconds_count", **labels) == requests
        return requests

    before = counted()
    with reference.broken("postgres-hung"):
        answers = ask_at_once(reference, "/listings", TIMES)
        health = ask(reference, "/health")
    assert {answer.status for answer in answers} == {503}
    refused = [answer for answer in answers if "Too many requests" in answer.json["detail"]]
    # Those that had a turn were held up by the database for three seconds, and say so.
    assert len(answers) - len(refused) >= POOL_SIZE
    assert refused
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert all("x-request-id" in answer.headers for answer in refused)
    assert counted() - before == TIMES
    assert (health.json["db"], health.json["redis"]) == (False, True)
    until(lambda: ask(reference, "/listings").status == 200)
    assert {answer.status for answer in ask_at_once(reference, "/listings", POOL_SIZE)} == {200}


def test_overloaded_only_after_a_while_without_a_free_turn() -> None:
    """Nobody waits for longer than the patience; once nobody has, the next are not even let in to wait."""

    async def scenario() -> None:
        admission = Admission(at_once=1, patience=0.05)

        async def one() -> None:
            async with admission.turn():
                pass

        async with AsyncExitStack() as busy:
            await busy.enter_async_context(admission.turn())
            with pytest.raises(OverloadedError):
                await one()
            assert not admission.overloaded  # the next may wait: nobody else does
            second = asyncio.create_task(one())
            await asyncio.sleep(0)
            assert admission.overloaded
        await second
        assert not admission.overloaded
        await one()

    asyncio.run(scenario())


def test_a_burst_waits_for_its_turns() -> None:
    """Many at once, after a quiet time, are all served, and never more of them at a time than there are turns."""

    async def scenario() -> int:
        admission = Admission(at_once=2, patience=60)
        inside = most = 0

        async def one() -> None:
            nonlocal inside, most
            async with admission.turn():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(one() for _ in range(50)))
        return most

    assert asyncio.run(scenario()) == 2
