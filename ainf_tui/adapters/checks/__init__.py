"""Looks at the box for the system check: each probe blocks, has its own deadline and changes nothing."""
