"""What the endpoint of metrics promises."""
