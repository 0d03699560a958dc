"""What an endpoint has answered already, a line each: a run that was cut off goes on, and nothing is paid twice."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any

from scripts.answers_file import FileInvalid
from scripts.predictions.said import Said


class Cache:
    """A file of JSON lines, by digest of address and question; it never holds a key. Safe to use from threads."""

    def __init__(self, path: Path | None) -> None:
        """Raises FileInvalid if the file is there and is no cache; a line that was cut off is left out."""
        self._path = path
        self._lock = threading.Lock()
        self._known: dict[str, Said | None] = {}
        if path is not None and path.exists():
            self._read(path)

    def __contains__(self, digest: str) -> bool:
        return digest in self._known

    def __len__(self) -> int:
        return len(self._known)

    def get(self, digest: str) -> Said | None:
        """What was said; None where the reply was no label."""
        return self._known[digest]

    def put(self, digest: str, said: Said | None) -> None:
        """Kept at once. Raises OSError if it cannot be written."""
        with self._lock:
            self._known[digest] = said
            if self._path is None:
                return
            line = {"digest": digest, "label": said and said.label, "confidence": said and said.confidence}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _read(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise FileInvalid(f"{path} cannot be read as a cache of answers: {error}") from error
        whole, _, rest = text.rpartition("\n")
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                row = json.loads(line)
                label, sure = row["label"], row["confidence"]
                self._known[row["digest"]] = None if label is None else Said(str(label), sure)
            except (ValueError, KeyError, TypeError) as error:
                raise FileInvalid(f"{path}:{number} is no line of a cache of answers: name another file") from error
        if rest:
            # The last line was cut off: written anew, so that the next one does not stick to it.
            path.write_text(whole + "\n" if whole else "", encoding="utf-8")


def digest_of(url: str, question: dict[str, Any]) -> str:
    """Of everything that the reply depends on."""
    asked = json.dumps([url, question["model"], question["messages"]], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(asked.encode()).hexdigest()
