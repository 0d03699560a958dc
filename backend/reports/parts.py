"""Pieces that both reports are made of: headings, figures, tables, money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from backend.reports.charts import percent
from backend.reports.markup import Child, Markup, element, joined
from backend.reports.schemas import ShareView


def figure(name: str, value: Child, note: Child = None) -> Markup:
    """A number that stands out, with what it is above and what it rests on below."""
    shown = element("dd", element("div", value, class_="big"), element("div", note, class_="note"))
    return element("div", element("dt", name), shown)


def figures(*found: Markup) -> Markup:
    return element("dl", *found, class_="figures")


def section(name: str, lead: Child, *content: Child) -> Markup:
    """`name` is the heading, and names the region for assistive technology."""
    key = "h-" + "".join(sign if sign.isalnum() else "-" for sign in name.lower())
    return element(
        "section", element("h2", name, id=key), element("p", lead, class_="lead"), *content, aria_labelledby=key
    )


def table(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[Child]], *, numbers: Sequence[int] = ()
) -> Markup:
    """`numbers`: columns that hold numbers. The first column names its row."""
    top = [element("th", head, scope="col", class_="n" if at in numbers else None) for at, head in enumerate(heads)]
    body = [
        element(
            "tr",
            *(
                element("td", cell, class_="n" if at in numbers else None)
                if at
                else element("th", cell, scope="row", class_="id")
                for at, cell in enumerate(row)
            ),
        )
        for row in rows
    ]
    whole = element(
        "table", element("caption", caption), element("thead", element("tr", *top)), element("tbody", *body)
    )
    return scrolling(whole, caption)


def scrolling(content: Markup, name: str) -> Markup:
    """Wide content scrolls by itself, with the keyboard too."""
    return element("div", content, class_="scroll", tabindex=0, role="region", aria_label=name)


def interval(share: ShareView) -> str:
    return f"{percent(share.low)} to {percent(share.high)}"


def share_figure(name: str, share: ShareView | None, note: Child, missing: str) -> Markup:
    """A share with its interval, or why there is none."""
    if share is None:
        return figure(name, "–", missing)
    return figure(name, percent(share.value), joined(interval(share), " (95 %)", element("br"), note))


def money(units: int, decimals: int, symbol: str) -> str:
    """Units as a decimal amount, every digit that is not zero."""
    whole, rest = divmod(units, 10**decimals)
    digits = str(rest).rjust(decimals, "0").rstrip("0") if decimals else ""
    digits = digits.ljust(2, "0") if decimals >= 2 else digits
    return f"{whole:,}{'.' if digits else ''}{digits} {symbol}"


def moment(unix_seconds: int) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
