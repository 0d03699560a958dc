"""What tasks of the pictures show: drawn here as SVG, and made PNG files by the browser that takes the pictures."""

from __future__ import annotations

from typing import Any

_WIDTH, _HEIGHT = 720, 450
_ANCHOR = {True: "middle", False: "start"}


def _bicycle(x: int, y: int, colour: str) -> str:
    frame = f"M{x} {y} L{x + 26} {y} L{x + 50} {y - 32} L{x + 16} {y - 32} Z M{x + 26} {y} L{x + 14} {y - 40}"
    fork = f"M{x + 70} {y} L{x + 48} {y - 46} L{x + 58} {y - 48} M{x + 6} {y - 40} L{x + 22} {y - 40}"
    wheels = "".join(
        f'<circle cx="{at}" cy="{y}" r="21" fill="none" stroke="#222" stroke-width="4"/>' for at in (x, x + 70)
    )
    return f'{wheels}<path d="{frame} {fork}" fill="none" stroke="{colour}" stroke-width="5"/>'


def _house(x: int, width: int, height: int, colour: str) -> str:
    top = 300 - height
    windows = "".join(
        f'<rect x="{x + 18 + 46 * column}" y="{top + 24 + 58 * row}" width="26" height="36" fill="#f4ecd2"/>'
        for row in range((height - 70) // 58)
        for column in range((width - 20) // 46)
    )
    door = f'<rect x="{x + width - 48}" y="246" width="30" height="54" fill="#5b4636"/>'
    return f'<rect x="{x}" y="{top}" width="{width}" height="{height}" fill="{colour}"/>{windows}{door}'


def _car(x: int, y: int, colour: str) -> str:
    body = f"M{x} {y} v-26 h24 l22 -26 h62 l26 26 h30 v26 Z"
    glass = f"M{x + 32} {y - 27} l16 -19 h22 v19 Z M{x + 76} {y - 27} v-19 h28 l18 19 Z"
    wheels = "".join(f'<circle cx="{at}" cy="{y}" r="15" fill="#222"/>' for at in (x + 34, x + 128))
    return f'<path d="{body}" fill="{colour}"/><path d="{glass}" fill="#dcebf2"/>{wheels}'


_TREE = '<rect x="338" y="220" width="12" height="80" fill="#6b4f36"/><circle cx="344" cy="196" r="46" fill="#5f8f5a"/>'
STREET = (
    '<rect width="720" height="300" fill="#cfe3ee"/><rect y="300" width="720" height="36" fill="#c9c1b3"/>'
    '<rect y="336" width="720" height="114" fill="#7d8083"/>'
    + "".join(f'<rect x="{x}" y="390" width="54" height="6" fill="#f2f0ea"/>' for x in range(20, 720, 110))
    + _house(24, 150, 190, "#c98d6b")
    + _house(186, 120, 240, "#d8c08a")
    + _house(396, 160, 210, "#a9b7a0")
    + _house(568, 132, 170, "#b98a86")
    + _TREE
    + _bicycle(70, 306, "#a32318")
    + _bicycle(404, 312, "#1f5fa8")
    + _car(500, 384, "#0f5f4b")
    + _bicycle(196, 420, "#7a4b00")
)
RECEIPT = (
    '<rect width="720" height="450" fill="#8d7b68"/><path d="M220 14 h280 v414 l-14 -10 -14 10 -14 -10 -14 10 -14 -10 '
    "-14 10 -14 -10 -14 10 -14 -10 -14 10 -14 -10 -14 10 -14 -10 -14 10 -14 -10 -14 10 -14 -10 -14 10 -14 -10 -14 10 "
    '-14 -10 Z" fill="#fdfcf8"/><g font-family="monospace" font-size="17" fill="#222">'
    + "".join(
        f'<text x="{360 if middle else 244}" y="{52 + 29 * row}" text-anchor="{_ANCHOR[middle]}" '
        f'xml:space="preserve">{line}</text>'
        for row, (line, middle) in enumerate(
            (
                ("HARBOUR BAKERY", True),
                ("14 Quay Street", True),
                ("12 March 2026  08:41", True),
                ("", True),
                ("2 rye bread      7.60", False),
                ("4 plain roll     2.40", False),
                ("1 plum cake      3.90", False),
                ("", True),
                ("TOTAL           13.90", False),
                ("CARD            13.90", False),
                ("", True),
                ("Tax no. 88-310-24", True),
                ("Thank you!", True),
            )
        )
    )
    + "</g>"
)
MARKET = (
    '<rect width="720" height="450" fill="#dbe8ef"/><rect y="300" width="720" height="150" fill="#cbbfa8"/>'
    + "".join(
        f'<path d="M{x} 150 h200 l16 50 h-232 Z" fill="{colour}"/>'
        f'<rect x="{x}" y="200" width="6" height="150" fill="#6b4f36"/>'
        f'<rect x="{x + 194}" y="200" width="6" height="150" fill="#6b4f36"/>'
        f'<rect x="{x - 8}" y="288" width="216" height="62" fill="#8a6a48"/>'
        + "".join(
            f'<circle cx="{x + 14 + 22 * at}" cy="{280 - 10 * (at % 2)}" r="12" fill="{fruit}"/>' for at in range(9)
        )
        for x, colour, fruit in ((40, "#a32318", "#d9822b"), (270, "#0f5f4b", "#b33a3a"), (500, "#c9992e", "#6f9a3d"))
    )
    + "".join(
        f'<circle cx="{x}" cy="232" r="15" fill="#8a5a3c"/><rect x="{x - 16}" y="248" width="32" height="42" '
        f'rx="8" fill="{colour}"/>'
        for x, colour in ((140, "#274c77"), (370, "#e8e4d8"), (600, "#5a3d5c"))
    )
    + '<circle cx="300" cy="330" r="15" fill="#6b4630"/><path d="M282 346 h36 l8 74 h-52 Z" fill="#3f4f7a"/>'
)


def png(browser: Any, drawing: str) -> bytes:
    """The drawing as a PNG file of 720 by 450 pixels."""
    page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
    try:
        page.set_content(f'<body style="margin:0"><svg width="{_WIDTH}" height="{_HEIGHT}">{drawing}</svg>')
        return bytes(page.screenshot())
    finally:
        page.close()
