"""Hosts, and the fleet that they make up."""
