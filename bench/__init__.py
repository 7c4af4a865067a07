"""Benchmarks: each beside what a user would pick instead, alternating, in one run. Results: bench/RESULTS.md."""
