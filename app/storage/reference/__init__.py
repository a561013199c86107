"""The formats of the files of reference data (app/data/README.md): Pydantic models that end as values of the domain."""
