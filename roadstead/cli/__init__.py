"""Commands for people and pipelines."""
