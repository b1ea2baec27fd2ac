"""ainf: a control center for GPU boxes that run ComfyUI."""

__version__ = "0.1.0"
