"""The fault suite: kills, cut lines and lies of the server, and what must be true afterwards."""
