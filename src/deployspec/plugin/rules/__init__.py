"""The chapters alerts and mutation: which files they look at, their items, and what is measured for these."""
