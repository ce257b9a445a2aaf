"""How numbers and ids are written on screen: one way, everywhere."""

from __future__ import annotations

import math

from dash import html

NARROW = "\u202f"  # narrow no-break space: stands between a number and its unit
_MULTIPLES = ("B", "kB", "MB", "GB", "TB")


def thousands(count: float | None) -> str:
    """1234567 -> '1,234,567'; None -> an en dash. Fractions keep up to three significant digits."""
    if count is None or (isinstance(count, float) and math.isnan(count)):
        return "\u2013"
    if float(count).is_integer():
        return f"{int(count):,}"
    return f"{count:,.0f}" if abs(count) >= 1000 else f"{count:.3g}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """'1 cell', '1,355 cells'; pass `plural` where it is not noun + s."""
    return f"{thousands(count)} {noun if count == 1 else plural or noun + 's'}"


def percent(part: float, whole: float = 1.0) -> str:
    """`part` of `whole` as '4.30 %': three significant digits; what is not all is never written 100 %.

    A `whole` of 0 has no percentage: an en dash.
    """
    if whole == 0:
        return "\u2013"
    value = 100.0 * part / whole
    if value in (0.0, 100.0):
        return f"{value:.0f}{NARROW}%"
    decimals = min(9, max(0, 2 - math.floor(math.log10(abs(value)))))
    text = f"{value:.{decimals}f}"
    if value < 100 and float(text) >= 100:
        text = f"{value:.{min(9, -math.floor(math.log10(100 - value)))}f}"
    if float(text) in (0.0, 100.0):  # nearer to nothing, or to all, than nine decimals can say
        text = "<0.000000001" if value < 1 else "<100"
    return f"{text}{NARROW}%"


def size(n_bytes: int) -> str:
    """2345678 -> '2.3 MB' (powers of 1000)."""
    value, unit = float(n_bytes), 0
    while value >= 999.5 and unit < len(_MULTIPLES) - 1:
        value, unit = value / 1000, unit + 1
    digits = 1 if unit and value < 9.95 else 0
    return f"{value:.{digits}f}{NARROW}{_MULTIPLES[unit]}"


def short_id(cell_id: int | str, keep: int = 4) -> str:
    """'864691135808473885' -> '8646…3885'; what is not much longer than that stays whole."""
    text = str(cell_id)
    return text if len(text) <= 2 * keep + 2 else f"{text[:keep]}\u2026{text[-keep:]}"


def id_chip(cell_id: int | str, what: str = "id", whole: bool = False) -> html.Button:
    """An id on screen: shortened in the middle unless `whole`, whole on hover, copied by a click."""
    text = str(cell_id)
    return copyable(text, text if whole else short_id(text), what, "id-chip")


def copyable(text: str, shown: str, what: str, class_name: str = "copyable") -> html.Button:
    """A button that shows `shown` and copies `text`; the notification says that `what` was copied."""
    return html.Button(
        shown,
        type="button",
        className=class_name,
        title=f"{text}\nclick to copy" if shown != text else "Click to copy",
        **{"data-copy": text, "data-copy-what": what, "aria-label": f"{shown}: copy {what} {text}"},
    )
