"""Alert rules: tested, with nothing vacuous, linted, routed, and loaded by Prometheus."""
