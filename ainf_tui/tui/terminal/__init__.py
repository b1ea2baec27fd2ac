"""Everything between the app and the terminal. What the app uses, by module:

- `driver.AinfDriver`: `AinfApp(driver_class=AinfDriver)`. Signals, a closed or stopped terminal, old mouse
  reports, ctrl+z. After `run()` the process ends with `app.return_code`, which is 128+n after signal n.
  It posts to the app `messages.TerminalProbed(probe)` (once; a second time when answers come late) and
  `messages.LineChanged(slow, rate)` when the line is found to be slow, or fast again.
- `pacing.PacedScreen`: base of every screen; a modal one derives from `PacedScreen[bool], ModalScreen[bool]`.
  It paints when the terminal has taken what was painted before. `pacer_of(app)` gives the `Pacer` (None when
  headless); `pacer.low = True` is `--low-bandwidth`, `pacer.slow` says what holds now.
- `abilities.decide(environ, options, probe, tty=...)`: colours, glyphs, mouse, pictures, low bandwidth, each
  with its reason. Before the app starts it is called with `Probe()`, again when `TerminalProbed` comes.
- `clipboard.copy(text, way, write, folder)`: a `Copied` whose `sentence` goes into the toast. May start a
  process: not on the loop. `way` comes from `way_here(environ)`, `write` is `driver.write`.
- `notify`: bell, OSC 9 and the title as strings for `driver.write`, made safe.
- `pictures.load(protocol, cell)`: textual-image's widget class without its questions to the terminal. Costs
  120 ms and blocks: not on the loop.

Pure, without Textual: `abilities`, `clipboard`, `notify`, `pace`, `probe`, `replies`.
"""
