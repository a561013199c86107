"""Files that commands are given."""


class UnusableFile(Exception):
    """What is in the file is not what the command takes. The text says what and where."""
