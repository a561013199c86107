"""Calls about boots that are only asked about."""

from roadstead.client.calls import Call, address, question
from roadstead.client.documents import GuestInput, PlacementInput, Preview, PreviewInput


def preview(
    host: str, guest: GuestInput, placement: PlacementInput | None = None, cpus: str | None = None
) -> Call[Preview]:
    """What a boot on the host would get. Stores nothing."""
    asked: PreviewInput = {"host": host, "guest": guest, "placement": placement or {}}
    if cpus is not None:
        asked["cpus"] = cpus
    return question(address("placements", verb="preview"), asked)
