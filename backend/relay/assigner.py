"""The assigner's key: it signs tickets and receipts of enrolments, nothing else.

Keys of before go on signing for batches that name them."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr

from piecework.domain.messages import TypedData, digest


class Assigner:
    """Signs both. `address` is what new batches name; `addresses` are all whose keys are here. They never leave."""

    def __init__(self, key: SecretStr, retired: Sequence[SecretStr] = ()) -> None:
        from eth_account import Account

        accounts = [Account.from_key(each.get_secret_value()) for each in (key, *retired)]
        self._accounts = {str(account.address): account for account in accounts}
        self.address = str(accounts[0].address)
        self.addresses = tuple(self._accounts)

    def sign_ticket(self, ticket: TypedData, assigner: str | None = None) -> str:
        """65 bytes in hex, by the key of `assigner`, the present one by default. Raises ValueError for anything but a
        ticket, KeyError for a key that is not here.
        """
        if ticket["primaryType"] != "Ticket":
            raise ValueError("the assigner signs tickets only")
        return self._signed(ticket, assigner or self.address)

    def sign_enrolment(self, receipt: TypedData, assigner: str) -> str:
        """65 bytes in hex, by the key of `assigner`. Raises ValueError for anything but a receipt of an enrolment,
        KeyError for a key that is not here."""
        if receipt["primaryType"] != "Enrolment":
            raise ValueError("receipts are of enrolments only")
        return self._signed(receipt, assigner)

    def _signed(self, data: TypedData, assigner: str) -> str:
        return "0x" + bytes(self._accounts[assigner].unsafe_sign_hash(digest(data)).signature).hex()

    def __repr__(self) -> str:
        return f"Assigner({self.address})"


def parse_retired(text: str) -> list[SecretStr]:
    """Private keys of 64 hex digits with commas between. Raises ValueError, which repeats none of them."""
    keys = [part.strip() for part in text.split(",") if part.strip()]
    if any(len(key.removeprefix("0x")) != 64 for key in keys):
        raise ValueError("a key has 64 hex digits")
    return [SecretStr(key) for key in keys]
