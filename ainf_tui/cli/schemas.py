"""JSON Schemas of everything `--json` prints, made from the documents' own types.

Each lies in `docs/schemas/` under its name; a test compares them and checks real output against them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ainf_tui.cli import documents
from ainf_tui.domain.check_documents import ChecksDocument
from ainf_tui.domain.comfyui_documents import ComfyUIDocument, CustomNodesDocument, PlanDocument
from ainf_tui.domain.documents import (
    CountDocument,
    FreedDocument,
    JobDetailDocument,
    JobPageDocument,
    JobsDocument,
    QueueDocument,
)
from ainf_tui.domain.error_documents import (
    ClearedErrorsDocument,
    ErrorDetailDocument,
    ErrorGroupPage,
    ErrorTotalsDocument,
    ImportedErrorsDocument,
)
from ainf_tui.domain.host_documents import HostDocument
from ainf_tui.domain.service_documents import (
    PortsDocument,
    RunsDocument,
    ServiceDetailDocument,
    ServicesDocument,
)
from ainf_tui.domain.status_document import StatusDocument

DIALECT = "https://json-schema.org/draft/2020-12/schema"

DOCUMENTS: dict[str, Any] = {
    "ainf.backup/1": documents.BackupDocument,
    "ainf.checks/1": ChecksDocument,
    "ainf.comfyui/1": ComfyUIDocument,
    "ainf.comfyui-nodes/1": CustomNodesDocument,
    "ainf.config/1": documents.ConfigDocument,
    "ainf.count/1": CountDocument,
    "ainf.db/1": documents.DatabaseInfoDocument,
    "ainf.demo/1": documents.DemoDocument,
    "ainf.engine/1": documents.EngineShownDocument,
    "ainf.error/1": documents.ErrorDocument,
    "ainf.error-group/1": ErrorDetailDocument,
    "ainf.error-totals/1": ErrorTotalsDocument,
    "ainf.errors/1": ErrorGroupPage,
    "ainf.errors-cleared/1": ClearedErrorsDocument,
    "ainf.errors-imported/1": ImportedErrorsDocument,
    "ainf.freed/1": FreedDocument,
    "ainf.host/1": HostDocument,
    "ainf.job/1": JobDetailDocument,
    "ainf.jobs/1": JobsDocument,
    "ainf.log/1": documents.LogDocument,
    "ainf.paths/1": documents.PathsDocument,
    "ainf.plan/1": PlanDocument,
    "ainf.preset/1": documents.PresetShownDocument,
    "ainf.presets/1": documents.PresetsDocument,
    "ainf.queue/1": JobPageDocument,
    "ainf.queue-state/1": QueueDocument,
    "ainf.run/1": documents.RunLine,
    "ainf.ports/1": PortsDocument,
    "ainf.runs/1": RunsDocument,
    "ainf.service/1": ServiceDetailDocument,
    "ainf.services/1": ServicesDocument,
    "ainf.status/1": StatusDocument,
    "ainf.upgrade/1": documents.UpgradeDocument,
    "ainf.workflow/1": documents.PackShownDocument,
    "ainf.workflows/1": documents.PacksDocument,
}
"""Schema name -> the type that is printed under it; for `ainf.run/1` the union of its lines."""


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a document. Unknown fields are allowed: some may be added. KeyError."""
    kind = DOCUMENTS[name]
    members = getattr(kind, "__args__", (kind,))
    references, components = msgspec.json.schema_components(members, ref_template="#/$defs/{name}")
    for component in components.values():
        _always_complete(component)
    for reference in references:
        top = components[reference["$ref"].rpartition("/")[2]]
        top["properties"]["schema"] = {"const": name}
        top["required"] = sorted({*top["required"], "schema"})
    body = references[0] if len(references) == 1 else {"anyOf": list(references)}
    return {"$schema": DIALECT, "$id": name, "title": name, **body, "$defs": dict(sorted(components.items()))}


def _always_complete(component: dict[str, Any]) -> None:
    """What we print has every field, those with a default too; a reader may rely on it."""
    if "properties" in component:
        component["required"] = sorted(component["properties"])
        for prop in component["properties"].values():
            prop.pop("default", None)
