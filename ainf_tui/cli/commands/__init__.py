"""One module a noun; loaded when its command is used."""
