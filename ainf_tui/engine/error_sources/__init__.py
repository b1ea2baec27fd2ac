"""Where errors come from: logs that are read on, the engine's own mistakes, what others left in the spool."""
