"""The service of Roadstead."""
