"""Use cases: each is one function and one transaction."""
