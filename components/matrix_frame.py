"""The frame of a matrix figure: how large its box is on the screen, and what the margins leave for the plot."""

from __future__ import annotations

from dataclasses import dataclass

NARROW = 520  # boxes below this many pixels have smaller margins and the colour key under the plot
MOST = 4096  # device pixels a side that a picture is made of at most
BAR_PX = 8  # thickness of a colour bar
GAP_PX = 3  # between a colour bar and the plot


@dataclass(frozen=True)
class Frame:
    """A box of width x height CSS pixels on a screen of `ratio` device pixels each.

    assets/matrix.css sizes the box of a square matrix by the same margins, and assets/first_picture.js lays the first
    picture by them; a browser test holds them together.
    """

    width: int
    height: int
    ratio: float = 1.0

    @property
    def narrow(self) -> bool:
        """Whether this is a phone or a small window."""
        return self.width < NARROW

    @property
    def left(self) -> int:
        """Left margin: labels, colour bar, title."""
        return 96 if self.narrow else 138

    @property
    def right(self) -> int:
        """Right margin: the colour key, where the box is wide."""
        return 6 if self.narrow else 92

    @property
    def top(self) -> int:
        """Top margin: title, labels, colour bar."""
        return 98 if self.narrow else 104

    @property
    def bottom(self) -> int:
        """Bottom margin: the colour key, where the box is narrow."""
        return 60 if self.narrow else 8

    @property
    def plot_width(self) -> int:
        """CSS pixels of the plot from left to right."""
        return max(40, self.width - self.left - self.right)

    @property
    def plot_height(self) -> int:
        """CSS pixels of the plot from top to bottom."""
        return max(40, self.height - self.top - self.bottom)

    @property
    def pixels(self) -> tuple[int, int]:
        """Device pixels of the plot (width, height)."""
        ratio = min(max(self.ratio, 0.5), 4.0)
        return min(round(self.plot_width * ratio), MOST), min(round(self.plot_height * ratio), MOST)
