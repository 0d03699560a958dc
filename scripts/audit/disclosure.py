"""Disclosure keys: what opens known answers that are still sealed, so that an auditor can check by them.

Keys come from a file or from the environment, never from the command line, which other users of a machine can read;
no message of the audit repeats one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from piecework.domain.disclosure import KeyMalformed, SealBroken, key_digest, open_sealed, parse_key
from scripts.audit.report import Report

ENVIRONMENT = "PIECEWORK_DISCLOSURE_KEYS"
Fetch = Callable[[str, str, str], dict[str, Any] | None]
"""The document of a digest, kind and subject, or None with a finding."""


def read_keys(path: Path | None) -> list[tuple[str, str]]:
    """Keys with the place that each came from: the lines of `path` (`-`: standard input), then the environment's words.

    Raises ValueError for a file that cannot be read and for what is no key.
    """
    found = [(f"{ENVIRONMENT}, word {number}", text) for number, text in enumerate(_from_environment(), start=1)]
    if path is not None:
        try:
            text = sys.stdin.read() if str(path) == "-" else path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"the disclosure keys in {path} cannot be read: {type(error).__name__}") from error
        lines = [(number, line.partition("#")[0].strip()) for number, line in enumerate(text.splitlines(), start=1)]
        named = [(f"line {number} of {path}", line) for number, line in lines if line]
        if not named:
            raise ValueError(f"{path} holds no disclosure key: `piecework disclosure-key` writes one")
        found = named + found
    keys = []
    for place, word in found:
        try:
            keys.append((place, parse_key(word)))
        except KeyMalformed as error:
            raise ValueError(f"{place}: {error}") from None
    return keys


def _from_environment() -> list[str]:
    return os.environ.get(ENVIRONMENT, "").split()


class Disclosures:
    """Which batch each key opens, told by the digest that the batch's manifest names."""

    def __init__(self, report: Report, keys: list[tuple[str, str]]) -> None:
        self._report = report
        self._keys = {key_digest(key): (place, key) for place, key in keys}
        self._used: set[str] = set()
        self._is_whole = True

    def manifest_missing(self) -> None:
        """A key without a batch may belong to one whose manifest could not be had."""
        self._is_whole = False

    def known(self, batch_id: str, gold: Mapping[str, Any] | None, fetch: Fetch) -> dict[str, Any] | None:
        """The known answers of a batch if its key was given and opens them; a finding if it does not. `gold`: what the
        manifest says of them."""
        sealed = gold.get("sealed") if gold else None
        if gold is None or sealed is None or sealed["key_digest"] not in self._keys:
            return None
        self._used.add(sealed["key_digest"])
        document = fetch(sealed["document_digest"], "sealed-gold", batch_id)
        if document is None:
            return None
        try:
            opened = open_sealed(document, gold["root"], self._keys[sealed["key_digest"]][1])
        except SealBroken as error:
            self._report.holds("gold_under_seal", batch_id, False, str(error))
            return None
        counts = (gold["count"], len(opened["answers"]))
        self._report.equal("gold_under_seal", batch_id, *counts)
        answers: dict[str, Any] = opened["answers"]
        return answers

    def finish(self) -> None:
        """Each key that no manifest names is a finding."""
        for digest in self._keys.keys() - self._used:
            place, why = (
                self._keys[digest][0],
                "no manifest of this escrow names this key: it is wrong, or of elsewhere",
            )
            if self._is_whole:
                self._report.holds("disclosure_key", place, False, why)
            else:
                self._report.skip("disclosure_key", place, "it may belong to a manifest that could not be had")
