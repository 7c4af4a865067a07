"""Load runs: what they tell of a server that freezes, how fast they go, and what they cost, beside k6 and Locust."""

from __future__ import annotations

from bench import load_overhead, load_rate, load_truth
from bench.load_tools import NO_NGINX, nginx


def run() -> str:
    """Measure, and return the results as Markdown. All traffic stays on this machine."""
    parts = [load_truth.run()]
    with nginx() as url:
        if url is None:
            parts.append(f"### Rate, added latency, memory\n\n- {NO_NGINX}\n")
        else:
            parts += [load_rate.run(url), load_overhead.latency(url), load_overhead.memory(url)]
    return "## Load runs\n\n" + "\n".join(parts)
