"""What is wrong with the hub itself. Shown to everybody: everybody can call the person who can mend it."""

from hub.web.site import Site


def notices(site: Site) -> list[str]:
    """What must be said now, by its name in `labels.NOTICES`; the worst first."""
    state = site.room.state()
    return [] if state == "enough" else [f"evidence_{state}"]
