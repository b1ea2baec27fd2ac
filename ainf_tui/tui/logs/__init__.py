"""The Logs screen: a piece of the logs that is held, and what is asked for around it."""
