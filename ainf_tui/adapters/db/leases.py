"""Leases: who may dispatch to a backend or supervise a host, by the server's clock."""

from __future__ import annotations

import time

from sqlalchemy import BigInteger, Connection, cast, func, insert, select, update

from ainf_tui.adapters.db.tables import leases
from ainf_tui.adapters.db.upserts import insert_missing


def lease(conn: Connection, name: str, holder: str, ttl: float) -> int | None:
    """Takes or renews for `ttl` seconds; the epoch, or None while another holds it.

    The epoch grows with each change of holder and stays when renewed. `ttl=0` lets go: whoever asks
    next gets it.
    """
    if conn.dialect.name == "postgresql":
        # Two newcomers: the second waits here for the first one's COMMIT and then finds its row.
        insert_missing(conn, leases, [{"name": name, "holder": holder, "epoch": 0, "expires_at": 0}])
    query = select(leases.c.holder, leases.c.epoch, leases.c.expires_at).where(leases.c.name == name)
    row = conn.execute(query.with_for_update()).one_or_none()
    now = _server_microseconds(conn)
    expires_at = now + round(ttl * 1_000_000)
    if row is None:
        conn.execute(insert(leases).values(name=name, holder=holder, epoch=1, expires_at=expires_at))
        return 1
    known_holder, known_epoch, known_end = str(row[0]), int(row[1]), int(row[2])
    if known_holder != holder and known_end > now:
        return None
    epoch = known_epoch + (known_holder != holder or known_epoch == 0)
    values = {"holder": holder, "epoch": epoch, "expires_at": expires_at}
    conn.execute(update(leases).where(leases.c.name == name).values(values))
    return epoch


def _server_microseconds(conn: Connection) -> int:
    """On SQLite this process is the server. Inside a transaction PostgreSQL's `now()` would stand still."""
    if conn.dialect.name != "postgresql":
        return time.time_ns() // 1_000
    seconds = func.extract("epoch", func.clock_timestamp())
    return int(conn.execute(select(cast(seconds * 1_000_000, BigInteger))).scalar_one())
