"""`piecework export`: a batch's results as a file."""

from __future__ import annotations

from pathlib import Path

from piecework.client import Client, PieceworkError
from piecework.domain.ids import parse_digest
from scripts.terminal import err, fail, out


def run_export(batch_id: str, *, gateway_url: str, out_path: Path, wanted: str | None) -> int:
    """Prints the file's name; 1 if it cannot be had. What came before a failure is kept for the next run."""
    try:
        with Client(gateway_url) as client:
            batch = client.batch(parse_digest(batch_id))
            path = batch.export(out_path, format=wanted, show=err.is_terminal)
    except (PieceworkError, ValueError) as error:
        return fail(str(error))
    except OSError as error:
        return fail(f"{error.filename} cannot be written: {error.strerror}")
    out.print(str(path), highlight=False, markup=False)
    return 0
