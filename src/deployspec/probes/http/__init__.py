"""The HTTP probe: one GET, measured from name lookup to last byte, under limits of time and size that always hold."""

from deployspec.probes.http.calling import call, call_concurrently
from deployspec.probes.http.curl import curl_line
from deployspec.probes.http.proxies import Proxies, proxies_from
from deployspec.probes.http.request import Request

__all__ = ["Proxies", "Request", "call", "call_concurrently", "curl_line", "proxies_from"]
