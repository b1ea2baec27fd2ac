"""Widgets that know nothing of ComfyUI: lines, tables, bars, pictures."""
