"""Measures the service against floors: the least that does the same with the same parts. `python -m bench --help`."""
