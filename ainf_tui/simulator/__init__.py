"""A ComfyUI for the demo and the tests: the real protocol on a real socket, no model behind it.

`server.serve` runs it in the current event loop, `run.run_simulator` in a process of its own, and
`python -m ainf_tui.simulator` is its command line. aiohttp and Pillow are loaded by `server` and by
nobody else; `options` is free of both.
"""
