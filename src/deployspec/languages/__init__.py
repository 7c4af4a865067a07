"""Readers of formats that others own. They do no I/O and know no clock."""
