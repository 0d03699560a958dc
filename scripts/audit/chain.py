"""What the auditor asks a node: all logs, proof that none is hidden, who ruled, and the contract's own views."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from eth_utils import keccak

from piecework.chain.logs import ContractLogs, DecodedEvent, EscrowLogs
from piecework.chain.rpc import Rpc, RpcError
from scripts.audit.books import BatchBooks, DisputeBooks
from scripts.audit.ledger import Ledger
from scripts.audit.report import Report

Tick = Callable[[int, int], None]
"""Done and total."""

_SPAN = 2_000
_BATCH = 100


def creation_block(rpc: Rpc, escrow: str, head: int) -> int:
    """The block that created the escrow, found by halving and proven by its receipt.

    0, so that every block is read, where that cannot be proven: a node without history, a factory's contract.
    """
    low, high = 0, head
    try:
        while low < high:
            middle = (low + high) // 2
            if rpc.call("eth_getCode", escrow, hex(middle)) not in (None, "0x"):
                high = middle
            else:
                low = middle + 1
        receipts = rpc.call("eth_getBlockReceipts", hex(low)) or []
    except RpcError:
        return 0
    created = {(receipt.get("contractAddress") or "").lower() for receipt in receipts}
    return low if escrow.lower() in created else 0


def all_events(
    rpc: Rpc, escrow: str, first: int, head: int, tick: Tick, logs: ContractLogs | None = None
) -> list[DecodedEvent]:
    """Every event of the escrow, or of another contract whose `logs` are given, in order."""
    logs = logs or EscrowLogs()
    events = []
    span, start = _SPAN, first
    while start <= head:
        end = min(head, start + span - 1)
        try:
            found = rpc.call("eth_getLogs", {"address": escrow, "fromBlock": hex(start), "toBlock": hex(end)})
        except RpcError:
            if span == 1:
                raise
            span = max(1, span // 2)
            continue
        events += [logs.decode(log) for log in found]
        start = end + 1
        tick(end - first + 1, head - first + 1)
    return sorted(events, key=lambda event: (event.block_number, event.log_index))


def timestamps(rpc: Rpc, numbers: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Timestamp and hash by block number."""
    found = {}
    for part in _parts(sorted(set(numbers))):
        for block in rpc.batch([("eth_getBlockByNumber", (hex(number), False)) for number in part]):
            found[int(block["number"], 16)] = (int(block["timestamp"], 16), block["hash"])
    return found


def check_no_hidden_logs(
    rpc: Rpc, escrow: str, first: int, head: int, events: Sequence[DecodedEvent], report: Report, tick: Tick
) -> None:
    """Receipts must show the logs that the node gave, no more and no fewer.

    A block's bloom filter tells whether it may hold a log of the escrow; only those that may are asked for receipts.
    """
    seen: dict[int, list[int]] = defaultdict(list)
    for event in events:
        seen[event.block_number].append(event.log_index)
    suspects = []
    done = 0
    for part in _parts(range(first, head + 1)):
        for block in rpc.batch([("eth_getBlockByNumber", (hex(number), False)) for number in part]):
            suspects += [int(block["number"], 16)] if _bloom_has(block["logsBloom"], escrow) else []
        done += len(part)
        tick(done, head + 1 - first)
    report.checked["blocks_without_logs"] += head + 1 - first - len(suspects)
    asked = sorted({*suspects, *seen})
    try:
        hidden = [n for n in asked if not _same_logs(rpc, escrow, n, sorted(seen.get(n, [])), report)]
    except RpcError as error:
        report.skip("receipts", f"{len(asked)} blocks", f"the node does not give them ({error})")
        return
    for start, end in _ranges(hidden):
        subject = f"blocks {start} to {end}"
        report.equal("hidden_logs", subject, "the logs that the receipts hold", "others: eth_getLogs left some out")


def _same_logs(rpc: Rpc, escrow: str, number: int, indexes: list[int], report: Report) -> bool:
    receipts = rpc.call("eth_getBlockReceipts", hex(number)) or []
    logs = [log for receipt in receipts for log in receipt["logs"] if log["address"].lower() == escrow.lower()]
    same = sorted(int(log["logIndex"], 16) for log in logs) == indexes
    report.checked["blocks_with_all_logs"] += same
    return same


def check_rulers(rpc: Rpc, escrow: str, ledger: Ledger, report: Report) -> None:
    """Rulings came from the arbitrator that the terms name.

    A plain account must have sent the transaction; a contract must have been called in it, or have written a log.
    """
    is_contract = {
        arbitrator: rpc.call("eth_getCode", arbitrator, "latest") not in (None, "0x")
        for arbitrator in {ruling.arbitrator for ruling in ledger.rulings}
    }
    for part in _parts(ledger.rulings):
        asked = [("eth_getTransactionReceipt", (ruling.transaction_hash,)) for ruling in part]
        for ruling, receipt in zip(part, rpc.batch(asked), strict=True):
            arbitrator, sender = ruling.arbitrator.lower(), receipt["from"].lower()
            called = (receipt["to"] or "").lower()
            if not is_contract[ruling.arbitrator]:
                expected, given = (arbitrator, escrow.lower()), (sender, called)
                report.equal("ruled_by_arbitrator", ruling.name, expected, given)
            elif arbitrator in {sender, called, *(log["address"].lower() for log in receipt["logs"])}:
                report.checked["ruled_by_arbitrator"] += 1
            else:
                why = f"the arbitrator {ruling.arbitrator} is a contract that left no trace in the transaction"
                report.skip("ruled_by_arbitrator", ruling.name, why)


def compare_views(rpc: Rpc, escrow: Any, token: Any, ledger: Ledger, head: int, report: Report, tick: Tick) -> None:
    """The contract's own answers at block `head`, for every account, tally and batch that the logs name."""
    from eth_abi import decode

    block = hex(head)
    accounts, batches = sorted(ledger.accounts), sorted(ledger.batches)
    tallies = [(batch_id, worker) for batch_id in batches for worker in sorted(ledger.batches[batch_id].work)]
    calls = [escrow.encode_abi("accountOf", args=[account]) for account in accounts]
    calls += [escrow.encode_abi("batchOf", args=[batch_id]) for batch_id in batches]
    calls += [escrow.encode_abi("requesterOf", args=[batch_id]) for batch_id in batches]
    calls += [escrow.encode_abi("lockedOf", args=[batch_id]) for batch_id in batches]
    calls += [escrow.encode_abi("tallyOf", args=list(pair)) for pair in tallies]
    calls += [escrow.encode_abi("disputeOf", args=[number]) for number in ledger.disputes]
    answers: list[str] = []
    for part in _parts(calls):
        requests = [("eth_call", ({"to": escrow.address, "data": data}, block)) for data in part]
        answers += rpc.batch(requests)
        tick(len(answers), len(calls))
    words = iter([decode(["uint256"] * (len(answer) // 64), bytes.fromhex(answer[2:])) for answer in answers])
    owed = 0
    for account in accounts:
        books, view = ledger.accounts[account], next(words)
        owed += view[0]
        record = (books.accepted, books.rejected, books.contested, books.disputes_won, books.disputes_lost)
        expected = (books.owed, *record, int(books.sweep))
        report.equal("view_account", account, expected, (*view[:6], view[7] & 1))
    for batch_id in batches:
        b, view = ledger.batches[batch_id], next(words)
        counts = (b.free, b.claimed, b.submitted, b.contestable, b.disputed, b.accepted, b.refunded)
        expected_batch = (*counts, len(b.settlements), len(b.manifests), b.closed_at)
        report.equal("view_batch", batch_id, expected_batch, tuple(view))
    for batch_id in batches:
        requester = f"0x{next(words)[0]:040x}"
        report.equal("view_requester", batch_id, ledger.batches[batch_id].key.requester.lower(), requester)
    for batch_id in batches:
        report.equal("view_locks", batch_id, ledger.batches[batch_id].locked, next(words)[0])
    for batch_id, worker in tallies:
        work, view = ledger.batches[batch_id].work[worker], next(words)
        lots = [(lot.count, lot.review_end) for lot in work.lots]
        lots += [(0, view[7 + len(lots) + i]) for i in range(2 - len(lots))]  # ends of empty lots say nothing
        counts_of_work = (work.claimed, lots[0][0], lots[1][0], work.decided, work.contestable, work.disputed)
        expected_tally = (*counts_of_work, work.sequence, int(work.locked > 0))
        found = (*view[:6], view[10], view[11] & 1)
        report.equal("view_tally", f"{worker} in {batch_id}", expected_tally, found)
        ends = (work.lease_end, lots[0][1], lots[1][1], work.contest_end)
        report.equal("view_tally_ends", f"{worker} in {batch_id}", ends, (view[6], view[7], view[8], view[9]))
    for number, dispute in ledger.disputes.items():
        expected_dispute = _dispute_words(dispute, ledger.batches[dispute.batch_id])
        view = next(words)
        if dispute.is_open and not ledger.batches[dispute.batch_id].terms.disputeFee:
            expected_dispute = (*expected_dispute[:4], view[4], *expected_dispute[5:])  # a bond of zero names nobody
        report.equal("view_dispute", f"dispute {number:#x}", expected_dispute, view)
    balance = int(token.functions.balanceOf(escrow.address).call(block_identifier=head))
    held = owed + ledger.held_for_batches
    report.holds("solvency", escrow.address, balance >= held, f"the escrow holds {balance} units and owes {held}")


def _dispute_words(dispute: DisputeBooks, b: BatchBooks) -> tuple[int, ...]:
    """`disputeOf` as numbers: all of an open dispute, zeros of one that ended."""
    if not dispute.is_open:
        return (0,) * 11
    terms = b.terms
    return (
        int(dispute.worker, 16),
        dispute.count,
        dispute.ruling_end,
        terms.disputeWindow,
        int(dispute.poster or "0", 16),
        terms.reward,
        int(terms.arbitrator, 16),
        dispute.bond,
        int(dispute.batch_id, 16),
        terms.operatorFee,
        dispute.opened_at,
    )


def _bloom_has(bloom: str, address: str) -> bool:
    bits = int(bloom, 16)
    digest = keccak(bytes.fromhex(address[2:]))
    return all(bits >> (int.from_bytes(digest[i : i + 2], "big") & 2047) & 1 for i in (0, 2, 4))


def _parts(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def _ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges
