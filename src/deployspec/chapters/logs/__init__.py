"""Log records and what is promised of them."""
