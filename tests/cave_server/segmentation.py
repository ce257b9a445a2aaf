"""The chunked graph service: which ids are roots at a time, what became of them, what lies below them."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import numpy as np

from tests.cave_server.answers import Answer, Refused, Request, as_json
from tests.cave_server.history import N_LAYERS, History
from tests.cave_server.stack import Stack

VERSION = "2.22.1"


def info(request: Request, stack: Stack) -> Answer:
    """GET /segmentation/table/TABLE/info."""
    return as_json(
        {
            "graph": {"n_layers": N_LAYERS, "chunk_size": [256, 256, 512], "spatial_bit_masks": {}},
            "scales": [{"resolution": list(stack.viewer_nm), "key": "8_8_40", "size": [100_000, 100_000, 20_000]}],
            "app": {"supported_api_versions": [0, 1]},
            "type": "segmentation",
            "data_type": "uint64",
            "num_channels": 1,
            "data_dir": f"gs://stand-in/{stack.name}",
        }
    )


def is_latest_roots(request: Request, stack: Stack) -> Answer:
    """POST is_latest_roots: which ids are roots at ?timestamp= (default now)."""
    ids = _ids(request, "node_ids")
    state = stack.history.state_at(_time(request, "timestamp"))
    return as_json({"is_latest": [stack.history.exists(one, state) for one in ids]})


def root_timestamps(request: Request, stack: Stack) -> Answer:
    """POST root_timestamps: when the roots came to be, or (?latest=) were last there."""
    asked = _time(request, "timestamp")
    stamps = []
    for one in _ids(request, "node_ids"):
        begin, end = _lifetime(stack.history, one)
        latest = min(end or time.time(), asked or time.time())
        stamps.append(latest if request.flag("latest") else begin)
    return as_json({"timestamp": stamps})


def roots_binary(request: Request, stack: Stack) -> Answer:
    """POST roots_binary: uint64 node ids in, uint64 root ids out, at ?timestamp=."""
    nodes = np.frombuffer(request.body, dtype=np.uint64).astype(np.int64)
    request.ids = len(nodes)
    history = stack.history
    roots = history.roots(history.state_at(_time(request, "timestamp")), history.pieces_of_nodes(nodes))
    return Answer(body=roots.astype(np.uint64).tobytes(), content_type="application/octet-stream")


def root(request: Request, stack: Stack, node: str) -> Answer:
    """GET node/N/root."""
    history = stack.history
    pieces = history.pieces_of_nodes(np.array([int(node)], dtype=np.int64))
    return as_json({"root_id": int(history.roots(history.state_at(_time(request, "timestamp")), pieces)[0])})


def leaves(request: Request, stack: Stack, node: str) -> Answer:
    """GET node/R/leaves: the nodes below a root."""
    _lifetime(stack.history, int(node))
    return as_json({"leaf_ids": stack.history.leaves(int(node))})


def lineage_graph(request: Request, stack: Stack) -> Answer:
    """POST lineage_graph_multiple: what the roots were made from and into, one step beyond the times asked for."""
    history = stack.history
    past, future = _time(request, "timestamp_past"), _time(request, "timestamp_future")
    seen: set[int] = set()
    links: set[tuple[int, int]] = set()
    queue = deque(_ids(request, "root_ids"))
    while queue:
        one = queue.popleft()
        if one in seen:
            continue
        seen.add(one)
        begin, end = _lifetime(history, one)
        if past is None or begin > past:
            for parent in history.parents(one):
                links.add((parent, one))
                queue.append(parent)
        if end is not None and (future is None or end <= future):
            for child in history.children(one):
                links.add((one, child))
                queue.append(child)
    return as_json(
        {
            "directed": True,
            "multigraph": False,
            "graph": {},
            "nodes": [
                {"id": one, "timestamp": history.lifetime(one)[0], "operation_id": one % 100_000}
                for one in sorted(seen)
            ],
            "links": [{"source": a, "target": b} for a, b in sorted(links)],
        }
    )


def past_id_mapping(request: Request, stack: Stack) -> Answer:
    """GET past_id_mapping, ids in a JSON body: the roots they come from, and the ids those have become."""
    history = stack.history
    past, future = _time(request, "timestamp_past"), _time(request, "timestamp_future")
    ids = _ids(request, "root_ids")
    before, after = history.state_at(past), history.state_at(future)
    past_map, future_map = {}, {}
    for one in ids:
        _lifetime(history, one)
        origins = history.related(one, before)
        past_map[str(one)] = origins
        for origin in origins:
            became = history.related(origin, after)
            if len(became) == 1 and became[0] != origin:
                future_map[str(origin)] = became[0]
    return as_json({"past_id_map": past_map, "future_id_map": future_map})


def valid_nodes(request: Request, stack: Stack) -> Answer:
    """GET valid_nodes, ids in a JSON body: those that were there some time between the two times."""
    start, end = _time(request, "start_timestamp") or 0.0, _time(request, "end_timestamp") or time.time()
    valid = []
    for one in _ids(request, "node_ids"):
        if stack.history.known(one):
            begin, ceased = stack.history.lifetime(one)
            if begin <= end and (ceased is None or ceased >= start):
                valid.append(one)
    return as_json({"valid_roots": valid})


def delta_roots(request: Request, stack: Stack) -> Answer:
    """GET delta_roots: the roots that ceased to be and those that came to be between two times."""
    history = stack.history
    before, after = (
        set(np.unique(history.root_of[max(history.state_at(_time(request, name)), 0)]).tolist())
        for name in ("timestamp_past", "timestamp_future")
    )
    return as_json({"old_roots": sorted(before - after), "new_roots": sorted(after - before)})


def oldest_timestamp(request: Request, stack: Stack) -> Answer:
    """GET oldest_timestamp."""
    return as_json({"iso": stack.history.begins[0].isoformat()})


def _ids(request: Request, name: str) -> list[int]:
    ids: Any = request.json().get(name)
    if not isinstance(ids, list):
        raise Refused(as_json({"message": f"{name} must be a list"}, 400))
    request.ids = len(ids)
    return [int(one) for one in ids]


def _time(request: Request, name: str) -> float | None:
    value = request.query.get(name)
    return float(value) if value else None


def _lifetime(history: History, one: int) -> tuple[float, float | None]:
    try:
        return history.lifetime(one)
    except KeyError:
        raise Refused(as_json({"message": f"{one} is not a root id of this graph"}, 400)) from None
