#!/usr/bin/env python3
"""Draws the pictures of docs/concepts.md: SVG files beside this script, from numbers that were measured.

Numbers come from measured.json (made by measure.sql on the demo's collection) and from the tables of
docs/benchmarks.md. `draw.py` writes the files, `draw.py --check` fails if one of them is not what it would write.
Text takes the colour of the page (`currentColor`); where the picture stands alone, that of the reader's scheme.
"""

import json
import math
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
WIDTH = 520
BLUE, ORANGE, VIOLET, GREY = "#0e93b0", "#d9822b", "#8c7ae6", "#8a949e"
STYLE = (
    "<style>svg{color:#24292f}@media(prefers-color-scheme:dark){svg{color:#dde2e8}}</style>"
)


class Picture:
    def __init__(self, height, title):
        self.height, self.title, self.parts = height, title, []

    def add(self, part):
        self.parts.append(part)

    def text(self, x, y, words, anchor="start", size=12, opacity=1.0, fill="currentColor"):
        words = str(words).replace("&", "&amp;").replace("<", "&lt;")
        self.add(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}"'
            f' fill-opacity="{opacity:g}">{words}</text>'
        )

    def line(self, x1, y1, x2, y2, colour="currentColor", width=1.0, opacity=0.25, dash=""):
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.add(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"'
            f' stroke-width="{width:g}" stroke-opacity="{opacity:g}"{dash}/>'
        )

    def box(self, x, y, width, height, colour, opacity=1.0):
        self.add(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.8):.1f}" height="{height:.1f}" fill="{colour}"'
            f' fill-opacity="{opacity:g}"/>'
        )

    def path(self, points, colour, width=2.0):
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.add(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>')

    def dot(self, x, y, colour, radius=3.0):
        self.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{colour}"/>')

    def svg(self):
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" role="img"'
            f' font-family="system-ui, sans-serif">'
        )
        return "\n".join([head, f"<title>{self.title}</title>", STYLE, *self.parts, "</svg>", ""])


class Axes:
    """A frame with two scales, each linear or logarithmic."""

    def __init__(self, picture, box, x, y, log_x=False, log_y=False):
        self.p, self.box, self.x, self.y, self.log_x, self.log_y = picture, box, x, y, log_x, log_y

    @staticmethod
    def share(value, ends, log):
        if log:
            value, ends = math.log(value), [math.log(end) for end in ends]
        return (value - ends[0]) / (ends[1] - ends[0])

    def at(self, x, y):
        left, top, right, bottom = self.box
        return (
            left + self.share(x, self.x, self.log_x) * (right - left),
            bottom - self.share(y, self.y, self.log_y) * (bottom - top),
        )

    def ticks_x(self, values, label):
        left, _, right, bottom = self.box
        self.p.line(left, bottom, right, bottom, opacity=0.6)
        for value in values:
            x, _ = self.at(value, self.y[0])
            self.p.line(x, bottom, x, bottom + 4, opacity=0.6)
            self.p.text(x, bottom + 17, f"{value:,}", "middle", 11)
        self.p.text((left + right) / 2, bottom + 34, label, "middle")

    def ticks_y(self, values, label):
        left, top, right, _ = self.box
        for value in values:
            _, y = self.at(self.x[0], value)
            self.p.line(left, y, right, y, opacity=0.15)
            self.p.text(left - 6, y + 4, f"{value:,}", "end", 11)
        self.p.text(2, top - 12, label)


def rows_of(heading, first):
    """Rows of the first table behind a heading of docs/benchmarks.md whose first column is called so."""
    lines = (HERE.parent / "benchmarks.md").read_text().splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith("## ") and line[3:] == heading)
    rows, found = [], False
    for line in lines[begin + 1 :]:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[0] == first:
            found = True
        elif found and line.startswith("|"):
            rows.append(cells)
        elif found:
            break
    return [row for row in rows if not row[0].startswith("--")]


def match(measured):
    found = measured["match"]
    p = Picture(56 + 24 * len(found["terms"]), "Terms that question and passage share, and what each adds to the score")
    p.text(2, 16, "question: " + found["question"])
    p.text(2, 34, "query weight x document weight = what the term adds", size=11, opacity=0.75)
    most = max(term[3] for term in found["terms"])
    for n, (token, query, document, product) in enumerate(found["terms"]):
        y = 46 + 24 * n
        p.text(92, y + 14, token, "end")
        p.box(100, y + 2, 250 * product / most, 16, BLUE)
        p.text(106 + 250 * product / most, y + 14, f"{query:.2f} x {document:.2f} = {product:.2f}", size=11)
    return p


def lists(measured):
    points = measured["df"]
    p = Picture(270, "Length of the posting lists, by rank")
    axes = Axes(p, (58, 30, 500, 220), (1, 13078), (1, 10000), True, True)
    axes.ticks_y([1, 10, 100, 1000, 10000], "documents that have the term")
    axes.ticks_x([1, 10, 100, 1000, 10000], "terms, the most frequent first")
    p.path([axes.at(rank, df) for rank, df in points], BLUE)
    for rank, df in points:
        p.dot(*axes.at(rank, df), BLUE, 2.2)
    x, y = axes.at(100, next(df for rank, df in points if rank == 100))
    share = 100 * next(df for rank, df in points if rank == 100) / measured["collection"]["documents"]
    p.text(x + 8, y - 8, f"the 100th term is in {share:.0f} % of the passages", size=11)
    return p


def parts(measured):
    info = measured["info"]
    raw = 8 * info["postings"]
    rows = [("8 bytes a non-zero", [("", raw, GREY)])]
    rows.append(
        (
            "the index",
            [
                ("postings and bounds", info["postings_bytes"], BLUE),
                ("terms", info["terms_bytes"], ORANGE),
                ("docmap, live documents, manifest, free pages",
                 info["docmap_bytes"] + info["meta_bytes"] + info["free_bytes"], VIOLET),
            ],
        )
    )
    p = Picture(150, "Size of the index, by part, beside the vectors")
    for n, (name, pieces) in enumerate(rows):
        y, x = 24 + 44 * n, 2.0
        total = sum(size for _, size, _ in pieces)
        p.text(2, y - 6, f"{name}: {total / 1e6:.1f} MB")
        for _, size, colour in pieces:
            p.box(x, y, 500 * size / raw, 20, colour)
            x += 500 * size / raw
    for (name, size, colour), (x, y) in zip(rows[1][1], [(2, 108), (220, 108), (2, 128)]):
        p.box(x, y, 10, 10, colour)
        p.text(x + 15, y + 9, f"{name} {size / 1e6:.2f} MB", size=11)
    return p


def life(measured):
    steps = measured["life"]
    last = steps[-1][0]
    p = Picture(300, "Pending documents and segments while rows are inserted")
    above = Axes(p, (58, 30, 500, 130), (0, last), (0, 350))
    above.ticks_y([0, 100, 200, 300], "documents in the pending list")
    p.path([above.at(rows, pending) for rows, _, pending in steps], BLUE, 1.5)
    below = Axes(p, (58, 178, 500, 250), (0, last), (0, 6))
    below.ticks_y([0, 2, 4, 6], "segments")
    below.ticks_x(range(0, last + 1, 1000), "rows inserted; at the end VACUUM")
    stairs, before = [], None
    for rows, segments, _ in steps:
        if before is not None:
            stairs.append(below.at(rows, before))
        stairs.append(below.at(rows, segments))
        before = segments
    p.path(stairs, ORANGE)
    return p


def bounds(_):
    rows = {row[0]: row[1] for row in rows_of("Made-up collections", "")}
    bars = [
        ("4 documents", float(rows["blocks of 4 that reach the score, k = 10"].rstrip(" %"))),
        ("16 documents", float(rows["blocks of 16, k = 10"].rstrip(" %"))),
        ("64 documents", float(rows["blocks of 64, k = 10"].rstrip(" %"))),
    ]
    p = Picture(130, "Share of the blocks whose bound reaches the tenth score, by their size")
    p.text(2, 16, "blocks whose bound reaches the score of the tenth row")
    for n, (name, share) in enumerate(bars):
        y = 28 + 32 * n
        p.text(100, y + 15, name, "end")
        p.box(108, y, 330, 22, GREY, 0.2)
        p.box(108, y, 3.3 * share, 22, BLUE)
        p.text(446, y + 15, f"{share:g} %")
    return p


def stream(measured):
    steps = measured["stream"]
    blocks = steps[0][2]
    p = Picture(270, "Blocks that are scored as more rows are wanted")
    axes = Axes(p, (58, 30, 500, 220), (1, 1000), (10, 3000), True, True)
    axes.ticks_y([10, 100, 1000], f"blocks scored, of {blocks:,.0f}")
    axes.ticks_x([1, 10, 100, 1000], "rows wanted (LIMIT)")
    _, top = axes.at(1, blocks)
    p.line(58, top, 500, top, ORANGE, 1.5, 1, "5 4")
    p.text(62, top - 6, "all blocks have a bound", size=11)
    p.path([axes.at(k, scored) for k, scored, _, _ in steps], BLUE)
    for k, scored, _, _ in steps:
        x, y = axes.at(k, scored)
        p.dot(x, y, BLUE)
        p.text(x - 6 if k > 1 else x + 8, y - 8, f"{scored:,.0f}", "end" if k > 1 else "start", 11)
    return p


def exact(_):
    table = rows_of("Passages (wiki200k)", "k")
    ways = [("wand", BLUE), ("Qdrant, exact", VIOLET), ("sequential scan", ORANGE)]
    p = Picture(290, "Time of exact answers")
    axes = Axes(p, (58, 30, 400, 240), (8, 1000), (0.2, 300), True, True)
    axes.ticks_y([1, 10, 100], "ms, mean")
    axes.ticks_x([10, 100, 1000], "rows wanted (LIMIT)")
    for way, colour in ways:
        points = [(int(row[0]), float(row[4])) for row in table if row[1] == way]
        p.path([axes.at(*point) for point in points], colour)
        for point in points:
            x, y = axes.at(*point)
            p.dot(x, y, colour)
            # The lesser of two neighbours has its number below.
            is_less = way == ("wand" if point[0] < 1000 else "Qdrant, exact")
            number = f"{point[1]:.2f}" if point[1] < 10 else f"{point[1]:.0f}"
            p.text(x, y + 18 if is_less else y - 9, number, "middle", 11)
        x, y = axes.at(*points[-1])
        p.text(x + 12, y + 4, way)
    return p


PICTURES = {drawing.__name__: drawing for drawing in (match, lists, parts, life, bounds, stream, exact)}


def main():
    measured = json.loads((HERE / "measured.json").read_text())
    stale = []
    for name, draw in PICTURES.items():
        file = HERE / f"{name}.svg"
        svg = draw(measured).svg()
        if "--check" not in sys.argv[1:]:
            file.write_text(svg)
        elif not file.exists() or file.read_text() != svg:
            stale.append(file.name)
    if stale:
        sys.exit(f"error: not what docs/pictures/draw.py draws: {', '.join(stale)}")


main()
