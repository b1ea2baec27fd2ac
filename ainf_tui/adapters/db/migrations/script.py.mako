"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Also set HEAD_REVISION in `revision.py`, and `tables.py` to what this leads to."""
    ${upgrades if upgrades else "pass"}
