"""What asks: HTTP, Prometheus, promtool, amtool, commands and files. Nothing here judges."""
