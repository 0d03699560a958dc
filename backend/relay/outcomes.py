"""What a mined `relay` call did with each of its packets, read off its logs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from piecework.chain.errors import refusal_name
from piecework.chain.logs import EscrowLogs
from piecework.domain.messages import PacketKind

_USES_A_NUMBER = frozenset({"Claimed", "ClaimReturned", "Submitted", "SequenceUsed", "Disputed"})
"""Each of these events takes one sequence number of its worker in its batch."""

Place = tuple[str, str]
"""Batch id and worker: packets of one place have one sequence."""


class Outcomes:
    """Reads receipts of one escrow."""

    def __init__(self, escrow: str) -> None:
        self._escrow = escrow
        self._logs = EscrowLogs()

    def refusals(self, receipt: Any, packets: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """For each packet (as JSON, in the call's order) the reason it was skipped for, or None if it applied.

        Two packets may carry the same number: which of them applied is told by the order of the events alone.
        """
        marks = self._marks(receipt)
        found = []
        for packet in packets:
            mine = marks[packet["batch_id"], packet["worker"]]
            reason = mine[0] if mine else None
            # A claim with its submission uses two numbers.
            used = 2 if reason is None and packet["kind"] == PacketKind.CLAIM_AND_SUBMIT else 1
            del mine[:used]
            found.append(reason)
        return found

    def _marks(self, receipt: Any) -> defaultdict[Place, list[str | None]]:
        """By place, in order: None for a number that was used, a reason for a packet that was skipped."""
        marks: defaultdict[Place, list[str | None]] = defaultdict(list)
        for entry in receipt["logs"]:
            if entry["address"] != self._escrow:
                continue
            event = self._logs.decode(plain_log(entry))
            if event.name == "PacketSkipped":
                marks[event.args["batchId"], event.args["worker"]].append(refusal_name(event.args["reason"]))
            elif event.name in _USES_A_NUMBER:
                marks[event.args["batchId"], event.args["worker"]].append(None)
        return marks


def plain_log(entry: Any) -> dict[str, Any]:
    """web3's log as plain JSON-RPC."""
    return {
        "address": entry["address"],
        "topics": ["0x" + bytes(topic).hex() for topic in entry["topics"]],
        "data": "0x" + bytes(entry["data"]).hex(),
        "blockNumber": hex(entry["blockNumber"]),
        "blockHash": "0x" + bytes(entry["blockHash"]).hex(),
        "transactionHash": "0x" + bytes(entry["transactionHash"]).hex(),
        "logIndex": hex(entry["logIndex"]),
    }
