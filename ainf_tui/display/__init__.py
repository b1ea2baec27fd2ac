"""Values as people read them, in every front end: glyphs, numbers, times, names of states."""
