"""JSON Merge Patch (RFC 7396)."""

from typing import Any


def merged(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """The target changed by the patch: null removes a member, objects merge, everything else replaces.

    It does not recurse: a patch may be nested as deeply as JSON can be read.
    """
    document = dict(target)
    pending = [(document, patch)]
    while pending:
        members, changes = pending.pop()
        for name, value in changes.items():
            if value is None:
                members.pop(name, None)
            elif isinstance(value, dict):
                present = members.get(name)
                members[name] = dict(present) if isinstance(present, dict) else {}
                pending.append((members[name], value))
            else:
                members[name] = value
    return document
