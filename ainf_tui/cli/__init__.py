"""The command line: a thin front end on the engine's client. Data on stdout, narration on stderr."""
