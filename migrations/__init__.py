"""Schema migrations. Each works with the release before it; each is one transaction."""
