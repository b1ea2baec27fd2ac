"""The engine's side of the process border. Importing it loads FastAPI: only engines do."""

from ainf_tui.api.app import create_app, openapi_document
from ainf_tui.api.serve import embedded

__all__ = ["create_app", "embedded", "openapi_document"]
