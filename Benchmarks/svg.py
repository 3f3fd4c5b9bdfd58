"""Just enough SVG for plots: words, lines and dots on a ground of their own, so that they can be read on any page."""

from html import escape
from pathlib import Path

PAPER, INK, FAINT, GRID = "#fcfcfa", "#1f2937", "#6b7280", "#e2e4e8"
Point = tuple[float, float]


class Drawing:
    """A picture that grows by what is drawn onto it, later things over earlier ones. Pixels, from the upper left corner."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
            f' font-family="system-ui, sans-serif" font-size="12">',
            f"<title>{escape(title)}</title>",
            # Words keep a rim of paper, so that lines below them do not cross them out.
            f"<style>text {{ paint-order: stroke; stroke: {PAPER}; stroke-width: 3px }}</style>",
            f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}"/>',
        ]

    def words(self, at: Point, text: str, color: str = INK, anchor: str = "start", bold: bool = False, turn: float = 0) -> None:
        """Anchored at its start, middle or end; turned by degrees around that point."""
        x, y = at
        weight = ' font-weight="600"' if bold else ""
        turned = f' transform="rotate({turn:.1f} {x:.1f} {y:.1f})"' if turn else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}"{weight}{turned}>'
                          f"{escape(text)}</text>")

    def line(self, points: list[Point], color: str = INK, width: float = 1, dashes: str = "") -> None:
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"'
                          f' stroke-linejoin="round"{dashed}/>')

    def dot(self, at: Point, radius: float, color: str, hollow: bool = False) -> None:
        fill, rim = (PAPER, color) if hollow else (color, PAPER)
        self.parts.append(f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:.1f}" fill="{fill}" stroke="{rim}"/>')

    def save(self, path: Path) -> None:
        path.write_text("\n".join([*self.parts, "</svg>"]) + "\n")
