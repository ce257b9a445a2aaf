"""Links in: a pasted Neuroglancer link, or the state in it, as the ids of the segments that it shows."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from data_access.errors import InputError

_START = 4_000  # characters of a pasted text that decide what it is
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_STORED = re.compile(r"(?:#!|[?&#]json_url=)(?:middleauth\+)?(https?://|gs://|[a-z]+:)", re.IGNORECASE)
_STATE = re.compile(r"#!\+?")
_LAYERS = re.compile(r"""["']layers["']\s*:""")
_DIGITS = re.compile(r"[0-9]{1,19}")
# Neuroglancer's own short form of JSON: single quotes, and an underscore for each comma between values.
_SHORT_FORM = re.compile(r"'((?:[^'\\]|\\.)*+)'|(\"(?:[^\"\\]|\\.)*+\")|(_)|[^'\"_]++")
_TIMES_ENCODED = 3


@dataclass(frozen=True)
class Pasted:
    """Segments that a Neuroglancer link shows, in its order, each once.

    `repeated`: ids that it names in several places; `hidden`: how many it names and does not show, be it one by one or
    with their layer; `layers`: names of the layers that show some.
    """

    ids: tuple[str, ...]
    repeated: tuple[str, ...] = ()
    hidden: int = 0
    layers: tuple[str, ...] = ()

    def in_words(self) -> str:
        """What of the link was taken, for an echo."""
        more = [f"{len(self.repeated):,} named twice" if self.repeated else "",
                f"{self.hidden:,} hidden in it left out" if self.hidden else ""]  # fmt: skip
        said = ", ".join(part for part in more if part)
        return "shown in the pasted Neuroglancer link" + (f" ({said})" if said else "")


def is_link(text: str) -> bool:
    """Whether the text is meant as a Neuroglancer link or state; cheap for any text."""
    start = unquote(text[:_START]).strip().lstrip("\"'<([")
    if _ADDRESS.match(start):
        return "#!" in start or "json_url=" in start or "nglstate" in start
    return start.startswith(("middleauth+http", "#!")) or (start.startswith("{") and _LAYERS.search(text) is not None)


def read(text: str) -> Pasted:
    """The segments of a pasted link (#!{...}, percent-encoded or not) or of a state as JSON.

    All visible segments of the segmentation layers that are visible, without those marked as hidden. Raises InputError
    for a link that only says where its state is stored, for one that cannot be read and for one without segments.
    """
    text = text.strip().strip("\"'<>").strip()
    layers = _state(text).get("layers", [])
    if isinstance(layers, dict):  # as older viewers wrote it
        layers = [{"name": name, **layer} for name, layer in layers.items() if isinstance(layer, dict)]
    found: list[str] = []
    named: list[str] = []
    hidden = 0
    for layer in layers if isinstance(layers, list) else []:
        if not _is_segmentation(layer):
            continue
        segments = [_segment(s) for s in _listed(layer, "segments")]
        shown = [s for s in segments if not s.startswith("!")]
        hidden += len(segments) - len(shown) + len(_listed(layer, "hiddenSegments"))
        if layer.get("visible") is False or layer.get("archived") is True:
            hidden += len(shown)
            continue
        found += shown
        if shown:
            named.append(str(layer.get("name", "")))
    if not found:
        about = f"; the {hidden:,} in it are hidden" if hidden else ""
        raise InputError(f"the Neuroglancer link shows no segment{about}", "select the cells in it, and copy it again")
    times = Counter(found)
    return Pasted(tuple(times), tuple(s for s, n in times.items() if n > 1), hidden, tuple(named))


def _is_segmentation(layer: object) -> bool:
    return isinstance(layer, dict) and str(layer.get("type", "segmentation")).startswith("segmentation")


def _listed(layer: dict[str, Any], key: str) -> list[Any]:
    found = layer.get(key)
    return found if isinstance(found, list) else []


def _segment(value: object) -> str:
    """An id as text, with the mark of a hidden one; a number that lost its digits is refused."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _DIGITS.fullmatch(text.removeprefix("!")):
        raise InputError(f"the Neuroglancer link names a segment {str(value)[:40]!r}: that is no id", "copy it again")
    return text


def _state(text: str) -> dict[str, Any]:
    body = text
    if not text.startswith("{"):
        stored = _STORED.search(unquote(text[:_START]))
        if "#!" not in text:
            text = unquote(text)
        fragment = _STATE.search(text)
        if stored or fragment is None:
            raise InputError(
                "this Neuroglancer link only says where its state is stored, and Synaptoscope does not fetch it",
                "open the link, and paste the ids of its segments, or its state (the {} button of the viewer)",
            )
        body = text[fragment.end() :]
    for _ in range(_TIMES_ENCODED + 1):
        for form in (body, _long_form(body)):
            state = _parsed(form)
            if state is not None:
                return state
        body = unquote(body)
    raise InputError(
        "the state in this Neuroglancer link cannot be read", "it may have been cut when it was copied: copy all of it"
    )


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        state = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return state if isinstance(state, dict) else None


def _long_form(text: str) -> str:
    """The short form as JSON; a text that is none comes out as something that cannot be parsed either."""

    def put(match: re.Match[str]) -> str:
        if match[1] is not None:
            return '"' + match[1].replace("\\'", "'").replace('"', '\\"') + '"'
        return "," if match[3] else match[0]

    return _SHORT_FORM.sub(put, text) if "'" in text else text
