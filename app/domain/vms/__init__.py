"""VMs: their boots, their moves, and whether they are exposed."""
