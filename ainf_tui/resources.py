"""Finds the files that ship with ainf, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

from ainf_tui.errors import AinfError

NAMES = ("data", "presets", "styles")


def resource_dir(name: str) -> Path:
    """The folder `data`, `presets` or `styles`.

    A wheel carries them inside the package (`_assets`); a checkout, installed editable or not,
    has them beside it. AinfError `resources.missing` when it is in neither place.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "_assets" / name, package.parent / name):
        if name in NAMES and candidate.is_dir():
            return candidate
    raise AinfError(
        "resources.missing",
        f"the folder {name} that belongs to ainf is not there",
        hint="The installation is incomplete: install ainf-tui again.",
        details={"name": name, "looked_beside": str(package)},
    )


def data_dir() -> Path:
    """Read-only reference data, such as errors.toml."""
    return resource_dir("data")


def workflows_dir() -> Path:
    """The built-in packs, a folder each."""
    return resource_dir("presets") / "workflows"


def presets_dir() -> Path:
    """The built-in presets, a TOML file each."""
    return resource_dir("presets") / "styles"


def services_file() -> Path:
    """The built-in services."""
    return resource_dir("presets") / "services.toml"


def styles_dir() -> Path:
    """The app's style sheets and themes."""
    return resource_dir("styles")
