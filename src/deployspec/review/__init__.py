"""The weekly review: what the store of runs says of a week, put together with what chapters say of it."""
