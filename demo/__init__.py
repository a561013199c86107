"""The demo: the service on a made-up fleet, with calls to copy. `python -m demo --help`; no part of the product."""
