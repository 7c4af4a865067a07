"""The HTTP probe: one GET, measured from name lookup to last byte, under limits of time and size that always hold."""

from deployspec.tools.http.addresses import addresses_of
from deployspec.tools.http.calling import call, call_concurrently
from deployspec.tools.http.curl import curl_line
from deployspec.tools.http.proxies import Proxies, proxies_from
from deployspec.tools.http.request import Request

__all__ = [
    "Proxies",
    "Request",
    "addresses_of",
    "call",
    "call_concurrently",
    "curl_line",
    "proxies_from",
]
