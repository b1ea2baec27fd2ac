"""`GET /api/jobs`: the queue and the history in one list, without the graphs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STATUSES = ("pending", "in_progress", "completed", "failed")
SORTS = ("created_at", "execution_duration")


def all_jobs(queue: Mapping[str, Any], history: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every job. Raises `AttributeError` over an `extra_pnginfo` of null, as the server does."""
    jobs = [_queued(item, "in_progress") for item in queue["queue_running"]]
    jobs += [_queued(item, "pending") for item in queue["queue_pending"]]
    return jobs + [_ended(entry) for entry in history.values()]


def page(jobs: list[dict[str, Any]], query: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of the list for a query."""
    wanted = [word.strip().lower() for word in query.get("status", "").split(",") if word.strip()]
    wrong = [word for word in wanted if word not in STATUSES]
    if wrong:
        valid = ", ".join(STATUSES)
        return 400, {"error": f"Invalid status value(s): {', '.join(wrong)}. Valid values: {valid}"}
    sort_by, order = query.get("sort_by", "created_at"), query.get("sort_order", "desc")
    if sort_by not in SORTS or order not in ("asc", "desc"):
        return 400, {
            "error": "sort_by must be one of: created_at, execution_duration; sort_order asc or desc"
        }
    try:
        limit = int(query["limit"]) if "limit" in query else None
        offset = max(0, int(query.get("offset", "0")))
    except ValueError:
        return 400, {"error": "limit and offset must be integers"}
    if limit is not None and limit <= 0:
        return 400, {"error": "limit must be a positive integer"}
    chosen = [job for job in jobs if not wanted or job["status"] in wanted]
    if "workflow_id" in query:
        chosen = [job for job in chosen if job.get("workflow_id") == query["workflow_id"]]
    chosen.sort(key=_duration if sort_by == "execution_duration" else _created, reverse=order == "desc")
    shown = chosen[offset:] if limit is None else chosen[offset : offset + limit]
    total = len(chosen)
    pagination = {"offset": offset, "limit": limit, "total": total, "has_more": offset + len(shown) < total}
    return 200, {"jobs": shown, "pagination": pagination}


def detail(prompt_id: str, queue: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """One job with its outputs and its graph, None for an unknown id."""
    if prompt_id in entry:
        done = entry[prompt_id]
        workflow = {"prompt": done["prompt"][2], "extra_data": done["prompt"][3]}
        more = {"outputs": done["outputs"], "execution_status": done["status"], "workflow": workflow}
        return {**_ended(done), **more}
    return next((job for job in all_jobs(queue, {}) if job["id"] == prompt_id), None)


def _created(job: Mapping[str, Any]) -> float:
    return float(job.get("create_time", 0))


def _duration(job: Mapping[str, Any]) -> float:
    return float(job.get("execution_end_time", 0) - job.get("execution_start_time", 0))


def _queued(item: list[Any], status: str) -> dict[str, Any]:
    number, prompt_id, _, extra, _ = item
    return _without_none(
        {
            "id": prompt_id,
            "status": status,
            "priority": number,
            "create_time": extra.get("create_time"),
            "outputs_count": 0,
            "workflow_id": _workflow_id(extra),
        },
    )


def _ended(entry: Mapping[str, Any]) -> dict[str, Any]:
    number, prompt_id, _, extra, _ = entry["prompt"]
    messages: dict[str, Any] = dict(entry["status"]["messages"])
    end = entry["status"]["messages"][-1][1]
    previews = _previews(entry["outputs"])
    return _without_none(
        {
            "id": prompt_id,
            "status": "completed" if entry["status"]["completed"] else "failed",
            "priority": number,
            "create_time": extra.get("create_time"),
            "execution_start_time": messages.get("execution_start", {}).get("timestamp"),
            "execution_end_time": end.get("timestamp"),
            "execution_error": messages.get("execution_error"),
            "outputs_count": len(previews),
            "preview_output": previews[0] if previews else None,
            "workflow_id": _workflow_id(extra),
        },
    )


def _previews(outputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {**item, "nodeId": node_id, "mediaType": kind}
        for node_id, ui in outputs.items()
        for kind, items in ui.items()
        for item in items
        if isinstance(item, dict)
    ]


def _workflow_id(extra: Mapping[str, Any]) -> str | None:
    found: str | None = extra.get("extra_pnginfo", {}).get("workflow", {}).get("id")
    return found


def _without_none(job: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in job.items() if value is not None}
