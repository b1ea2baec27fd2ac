"""The Dashboard: is it well, what is not, what is it doing."""
