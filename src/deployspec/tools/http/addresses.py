"""The addresses behind a name: one for each replica that DNS tells of."""

from __future__ import annotations

from deployspec.tools.http.budget import Budget, CallFailed
from deployspec.tools.http.lookup import look_up
from deployspec.tools.http.proxies import UnusableProxyError
from deployspec.tools.http.request import Request
from deployspec.tools.http.urls import is_address

MOST_ADDRESSES = 100


def addresses_of(request: Request) -> tuple[str, ...]:
    """The distinct addresses of the request's host, at most 100, in the resolver's order, for :attr:`Request.address`.

    Of one family only, for a name with both usually has each server twice: that of the first address which accepts a
    connection. All within ``request.timeout`` seconds. Empty where there is nothing to choose: the host is an address,
    or a proxy looks it up; and where the lookup fails or nothing accepts a connection, of which an ordinary call tells
    why.
    """
    from deployspec.tools.http.backend import connect

    url = request.parsed_url
    try:
        if is_address(url.host) or request.proxies.select(url) is not None:
            return ()
        budget = Budget(request.timeout)
        found = look_up(url.host, url.port, budget, MOST_ADDRESSES)
        with connect(found, budget) as sock:
            accepting = sock.family
    except (CallFailed, UnusableProxyError):
        return ()
    # One with a scope, such as fe80::1%eth0, is of this machine's network only.
    addresses = (address[0] for family, address in found if family == accepting)
    return tuple(dict.fromkeys(address for address in addresses if is_address(address)))
