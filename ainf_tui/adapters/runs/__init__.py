"""Run logs: what happened from one start of the services to the next, a folder a run."""
