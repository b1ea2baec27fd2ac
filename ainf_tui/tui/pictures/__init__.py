"""Pictures in the terminal: how they are drawn, where they fit, and what of them is kept.

- `method`: which way of drawing holds now, and why none does. `room`: how large a picture may be. Both pure.
- `drawing`: bytes of a picture to what a terminal shows. Costs time and memory: a thread's work.
- `view`: the widget. `store`: the newest pictures in memory, bounded in bytes.
"""
