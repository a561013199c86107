"""The cases, each with a function `measure` that yields rows of the table."""
