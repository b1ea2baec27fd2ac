"""The ComfyUI of this box: what is installed, what is done to it, its custom nodes."""
