"""The assigner's key: it signs tickets and nothing else."""

from __future__ import annotations

from pydantic import SecretStr

from piecework.domain.messages import TypedData, digest


class Assigner:
    """Signs tickets. The key never leaves the object."""

    def __init__(self, key: SecretStr) -> None:
        from eth_account import Account

        self._account = Account.from_key(key.get_secret_value())
        self.address = str(self._account.address)

    def sign_ticket(self, ticket: TypedData) -> str:
        """65 bytes in hex. Raises ValueError for anything but a ticket."""
        if ticket["primaryType"] != "Ticket":
            raise ValueError("the assigner signs tickets only")
        return "0x" + bytes(self._account.unsafe_sign_hash(digest(ticket)).signature).hex()

    def __repr__(self) -> str:
        return f"Assigner({self.address})"
