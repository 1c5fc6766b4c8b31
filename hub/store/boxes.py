"""Boxes and the certificates they were given."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from hub.authority import Issued, Revoked
from hub.store.schema import box, certificate

_NAMED: Final = select(box).where(box.c.name.in_(bindparam("names", expanding=True)))


def named(connection: Connection, names: Iterable[str]) -> dict[str, Row[Any]]:
    """The enrolled boxes among `names`."""
    rows = connection.execute(_NAMED, {"names": list(names)})
    return {row.name: row for row in rows}


def every(connection: Connection) -> Sequence[Row[Any]]:
    """All boxes by name."""
    return connection.execute(select(box).order_by(box.c.name)).all()


def counters(connection: Connection) -> dict[str, str]:
    """What people call the counters of all boxes that are enrolled, by the box."""
    return {row.name: row.counter for row in every(connection) if row.revoked_at is None}


def enrol(connection: Connection, name: str, counter: str, issued: Issued, now: datetime) -> bool:
    """Enter the box with its new certificate; every older one counts as revoked. Whether there was an older one."""
    known = connection.execute(select(box.c.name).where(box.c.name == name)).one_or_none()
    if known is None:
        connection.execute(insert(box).values(name=name, counter=counter, enrolled_at=now))
    else:
        # The box may be a new piece of hardware with a new evidence key: that is bound again at its first start.
        connection.execute(
            update(box)
            .where(box.c.name == name)
            .values(counter=counter, enrolled_at=now, revoked_at=None, evidence_key=None, shared_at=None)
        )
    _revoke_certificates(connection, name, now)
    connection.execute(
        insert(certificate).values(serial=issued.serial, box=name, issued_at=now, expires_at=issued.expires_at)
    )
    return known is not None


def revoke(connection: Connection, name: str, now: datetime) -> bool:
    """Take every right from the box; False when it is not enrolled."""
    done = connection.execute(
        update(box).where(box.c.name == name).values(revoked_at=now, presence="offline").returning(box.c.name)
    ).all()
    _revoke_certificates(connection, name, now)
    return bool(done)


def revoked_certificates(connection: Connection, now: datetime) -> list[Revoked]:
    """What belongs on the revocation list; certificates that ran out need no line."""
    rows = connection.execute(
        select(certificate.c.serial, certificate.c.revoked_at).where(
            certificate.c.revoked_at.is_not(None), certificate.c.expires_at > now
        )
    )
    return [Revoked(row.serial, row.revoked_at) for row in rows]


def _revoke_certificates(connection: Connection, name: str, now: datetime) -> None:
    connection.execute(
        update(certificate).where(certificate.c.box == name, certificate.c.revoked_at.is_(None)).values(revoked_at=now)
    )


def online(connection: Connection) -> list[str]:
    """Boxes that are shown as online."""
    return list(connection.execute(select(box.c.name).where(box.c.presence == "online")).scalars())


def refused(connection: Connection, name: str, count: int, now: datetime) -> bool:
    """Add to what the broker refused the box; False when there is no such box."""
    here, values = box.c.name == name, {"refused": box.c.refused + count, "refused_at": now}
    return bool(connection.execute(update(box).where(here).values(**values).returning(box.c.name)).all())


def shared(connection: Connection, names: Iterable[str], now: datetime) -> list[str]:
    """Note that two machines seem to use the certificates of these boxes; those of them that there are."""
    return list(
        connection.execute(
            update(box).where(box.c.name.in_(list(names))).values(shared_at=now).returning(box.c.name)
        ).scalars()
    )
