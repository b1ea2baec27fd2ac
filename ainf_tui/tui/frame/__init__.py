"""What stands around every screen: header, tabs, footer, and what opens over it."""
