"""What a review says of objectives, by what Prometheus has counted: the budget, its burn, and how long requests took."""
