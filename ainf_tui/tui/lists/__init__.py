"""What every screen with a list is made of: rows by pages, one of them explained beside it, keys that act."""
