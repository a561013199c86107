"""Roadstead: which arm64 hosts a VM may live-migrate to, and what its guest must be told for that to be safe."""
