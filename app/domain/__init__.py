"""The planner: pure functions of a fleet snapshot. No I/O, no clock, no framework."""
