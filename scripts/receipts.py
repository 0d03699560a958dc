"""`piecework receipts`: the books of an address as a table."""

from __future__ import annotations

from pathlib import Path

from piecework.client import Client, PieceworkError
from piecework.domain.ids import parse_address
from scripts.terminal import err, fail, out


def run_receipts(address: str, *, gateway_url: str, out_path: Path | None, since: str | None, until: str | None) -> int:
    """Prints the file's name; 1 if the gateway refuses or the file cannot be written."""
    try:
        whose = parse_address(address)
        with Client(gateway_url) as client, err.status("fetching receipts"):
            path = client.receipts(out_path or Path(f"receipts-{whose}.csv"), address=whose, since=since, until=until)
    except (PieceworkError, ValueError) as error:
        return fail(str(error))
    except OSError as error:
        return fail(f"{error.filename} cannot be written: {error.strerror}")
    out.print(str(path), highlight=False, markup=False)
    return 0
