"""What ends the demo early."""


class DemoFailure(Exception):
    """The demo cannot go on; the message says why."""
