"""Services as the documentation of each library begins, with a page of metrics."""
