"""Labels of a results file, one by one, however many decisions stand before them.

A results file of a large batch has far more decisions than a reader of labels wants in memory. In canonical JSON the
keys are in order, so `labels` come after the decisions, and the text `"labels":[` can stand in no string before them.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from typing import Any

from piecework.domain import documents
from piecework.domain.canonical import NotCanonical, canonical_loads
from piecework.domain.cid import cid_of_digest, verify_block
from piecework.domain.documents import DocumentMalformed, format_name
from piecework.domain.ids import Cid, is_task_id
from piecework.domain.streamed import BrokenArray, items

_START = '"labels":['
_FIELDS = {"task", "label", "confidence"}


def labels_of(digest: str, fetch: Callable[[Cid], bytes]) -> Iterator[dict[str, Any]]:
    """`task`, `label` and `confidence` each, in the file's order. `fetch` gives a block's bytes by CID.

    A file of one block is checked whole before anything is given; of a larger one each block and each label is.
    Raises CidMismatch, DocumentError, and what `fetch` raises.
    """
    cid = cid_of_digest(digest)
    head = fetch(cid)
    verify_block(cid, head)
    try:
        index = canonical_loads(head)
    except NotCanonical as error:
        raise DocumentMalformed(f"results {digest}: {error}") from error
    if index.get("format") != format_name("index"):
        yield from documents.unpack(digest, "results", fetch)["labels"]
        return
    documents.validate(index, "index")
    if index["of"] != format_name("results"):
        raise DocumentMalformed(f"the index is of {index['of']!r}, not of a results file")
    yield from _scanned(digest, (_verified(Cid(part), fetch) for part in index["parts"]))


def _verified(cid: Cid, fetch: Callable[[Cid], bytes]) -> bytes:
    data = fetch(cid)
    verify_block(cid, data)
    return data


def _scanned(digest: str, blocks: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    pieces = codecs.iterdecode(blocks, "utf-8")
    try:
        for text in items(_after_start(digest, pieces), pieces):
            yield _checked(digest, json.loads(text))
    except BrokenArray as error:
        raise DocumentMalformed(f"results {digest}: the labels are no list: {error}") from error
    except UnicodeDecodeError as error:
        raise DocumentMalformed(f"results {digest}: {error}") from error


def _after_start(digest: str, pieces: Iterator[str]) -> str:
    text = ""
    for piece in pieces:
        text += piece
        before, found, rest = text.partition(_START)
        if found:
            return rest
        text = before[-len(_START) :]
    raise DocumentMalformed(f"results {digest}: there are no labels")


def _checked(digest: str, label: Any) -> dict[str, Any]:
    if not isinstance(label, dict) or set(label) != _FIELDS or not is_task_id(label["task"]):
        raise DocumentMalformed(f"results {digest}: {str(label)[:100]} is no label")
    confidence = label["confidence"]
    is_share = isinstance(confidence, (int, float)) and not isinstance(confidence, bool) and 0 <= confidence <= 1
    if confidence is not None and not is_share:
        raise DocumentMalformed(f"results {digest}: the confidence of {label['task']} is no share")
    return label
