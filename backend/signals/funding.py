"""Which workers one hand pays, or which pay into one hand, as the chain shows it: transfers of the payment token and
withdrawals. A link only says where to look first; without shared errors it leads to nothing.

Nothing is kept in SQL: the node is asked when a batch is looked at, so a reorganisation needs no way back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.services import Services
from backend.signals import repository
from piecework.chain.errors import ChainError
from piecework.chain.rpc import Rpc
from piecework.chain.transfers import Transfer, TransferReader
from piecework.domain.ids import ZERO_ADDRESS
from piecework.quality.signals.links import MOST_OF_A_SOURCE

Pair = tuple[str, str]
_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Funding:
    """`links`: pairs of workers with a hand in common, or who pay each other. `told`: what was read, or why nothing."""

    links: frozenset[Pair]
    told: str


class OthersLeftOut:
    """A reader of two ranges, `before` and `since` a block. Since then only what `judges` themselves sent to others
    counts: anybody can send money to anybody, also to a hand that a judge dealt with, and so connect whom it wants
    to be passed over."""

    def __init__(self, before: TransferReader, since: TransferReader, judges: Collection[str]) -> None:
        self._before, self._since = before, since
        self._judges = frozenset(judges)

    def sent_by(self, accounts: Collection[str]) -> set[Transfer]:
        return self._before.sent_by(accounts) | self._own_doing(self._since.sent_by(accounts))

    def sent_to(self, accounts: Collection[str]) -> set[Transfer]:
        return self._before.sent_to(accounts) | self._own_doing(self._since.sent_to(accounts))

    def _own_doing(self, found: set[Transfer]) -> set[Transfer]:
        return {each for each in found if is_own_doing((each.sender, each.recipient), self._judges)}


def is_own_doing(pair: Pair, judges: Collection[str]) -> bool:
    """A judge paid somebody who is none."""
    return pair[0] in judges and pair[1] not in judges


def funding_of(
    services: Services, session: Session, batch_id: str, workers: Collection[str], judges: Collection[str] = ()
) -> Funding:
    """Of the blocks before and since the batch opened; an obstacle leaves the links out and is told. With `judges`,
    some of the workers, only what they sent themselves counts since then."""
    lookback = services.settings.funding_lookback_blocks
    place = repository.places(session, batch_id)
    if lookback == 0 or place is None or len(workers) < 2:
        return Funding(frozenset(), "not read")
    opened, last = place
    first = max(0, opened - lookback)
    withdrawals = repository.withdrawn_to(session, workers)
    counts = {pair for pair, block in withdrawals.items() if block < opened or is_own_doing(pair, judges)}
    withdrawn = counts if judges else set(withdrawals)
    token = services.token_info.address
    shops = {ZERO_ADDRESS, services.escrow.address, services.token_info.address}
    with closing(Rpc(services.settings.rpc_url, timeout_seconds=_TIMEOUT_SECONDS)) as rpc:
        try:
            before, since = TransferReader(rpc, token, first, opened - 1), TransferReader(rpc, token, opened, last)
            reader = OthersLeftOut(before, since, judges) if judges else TransferReader(rpc, token, first, last)
            links = links_of(reader, workers, withdrawn, shops)
        except ChainError as error:
            # The node's own words may hold its URL, and a key in it.
            return Funding(frozenset(), f"not read: the node gave no transfers ({type(error).__name__})")
    return Funding(frozenset(links), f"transfers and withdrawals of blocks {first} to {last}")


def links_of(
    reader: TransferReader | OthersLeftOut,
    workers: Collection[str],
    withdrawn: Iterable[Pair],
    shops: Collection[str],
) -> set[Pair]:
    """`withdrawn`: worker and where its money went. `shops`: addresses that deal with everybody."""
    known = set(workers)
    edges = {(t.sender, t.recipient) for t in reader.sent_to(known) | reader.sent_by(known)} | set(withdrawn)
    links: set[Pair] = set()
    company: dict[str, set[str]] = defaultdict(set)
    for sender, recipient in edges:
        if sender == recipient or {sender, recipient} & set(shops):
            continue
        for hand, worker in ((sender, recipient), (recipient, sender)):
            if worker in known:
                company[hand].add(worker)
    joining = {hand: members for hand, members in company.items() if len(members | ({hand} & known)) > 1}
    for hand, members in joining.items():
        if _deals_with_few(reader, hand, members):
            everyone = sorted(members | ({hand} & known))
            links |= {(one, two) for place, one in enumerate(everyone) for two in everyone[place + 1 :]}
    return links


def _deals_with_few(reader: TransferReader | OthersLeftOut, hand: str, members: set[str]) -> bool:
    """An exchange, a faucet or a relief fund pays many, most of whom work elsewhere or not at all: it links nobody."""
    if len(members) > MOST_OF_A_SOURCE:
        return False
    dealt = {t.recipient for t in reader.sent_by([hand])} | {t.sender for t in reader.sent_to([hand])}
    return len((dealt | members) - {hand, ZERO_ADDRESS}) <= MOST_OF_A_SOURCE
