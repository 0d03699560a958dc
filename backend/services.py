"""Everything that is built once and handed to the features."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend import transactions
from backend.batches.kept import Kept
from backend.clients import networks
from backend.exports.labels import LabelBook
from backend.ipfs.port import PayloadStore
from backend.ipfs.second_copy import SecondCopy
from backend.outbound.client import GuardedClient
from backend.pay.gas_price import GasPrice
from backend.pay.pace import PaceBook
from backend.prechecks.endpoint import Endpoint
from backend.rates import Buckets, RateBook
from backend.redundancy.book import AskingBook
from backend.relay.losses import Losses
from backend.reviews.committed import CommittedAnswers
from backend.sealing import Sealer, parse_keys
from backend.search.catalog import Catalog
from backend.settings import GatewaySettings
from backend.signals.book import SignalBook
from piecework.db.engine import read_engine, write_engine

if TYPE_CHECKING:
    from backend.relay.assigner import Assigner
    from backend.relay.outbox import Outbox
    from piecework.chain.credentials import Credentials
    from piecework.chain.escrow import Escrow
    from piecework.chain.panel import ArbitrationPanel
    from piecework.chain.token import Token


SEARCHERS = 4
"""Searches that are worked on at the same time; more of them would only take the processor from each other."""


class ChainClock:
    """The time that contracts will see: the pending block's, asked at most twice a second."""

    def __init__(self, read: Callable[[], int], *, keep_seconds: float = 0.5) -> None:
        self._read = read
        self._keep = keep_seconds
        self._lock = Lock()
        self._value = 0
        self._read_at = -keep_seconds

    def now(self) -> int:
        """Unix seconds."""
        with self._lock:
            if time.monotonic() - self._read_at >= self._keep:
                self._value = self._read()
                self._read_at = time.monotonic()
            return self._value


@dataclass(frozen=True)
class TokenInfo:
    """The payment token as clients show it."""

    address: str
    name: str
    symbol: str
    decimals: int
    version: str


@dataclass
class Services:
    """One gateway's parts."""

    settings: GatewaySettings
    engine: Engine
    escrow: Escrow
    token: Token
    token_info: TokenInfo
    store: PayloadStore
    assigner: Assigner
    outbox: Outbox
    clock: ChainClock
    relayer_address: str
    arbitration_panel: ArbitrationPanel | None = None
    """The gateway's arbitrator, if it is a panel of jurors."""
    credentials: Credentials | None = None
    copies: SecondCopy | None = None
    """Brings what is stored to a pinning service, if there is one."""
    gas_price: GasPrice = field(default_factory=GasPrice)
    losses: Losses = field(default_factory=Losses)
    """What relaying may cost beyond the fees it brings."""
    paces: PaceBook = field(default_factory=PaceBook)
    signals: SignalBook = field(default_factory=SignalBook)
    committed: CommittedAnswers = field(default_factory=CommittedAnswers)
    results: Kept = field(default_factory=Kept)
    """Of settled batches, as they are answered."""
    whole_manifests: Kept = field(default_factory=lambda: Kept(most_bytes=2**20))
    """Digests of manifests that were drafted elsewhere and read here: they are what they should be."""
    labels: LabelBook = field(default_factory=LabelBook)
    asking: AskingBook = field(default_factory=AskingBook)
    kept_answers_tidied_at: float = 0.0
    searchers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(SEARCHERS, "search"))
    writer: Engine = field(init=False)
    reader: Engine = field(init=False)
    """For single statements that only read."""
    catalog: Catalog = field(init=False)

    def __post_init__(self) -> None:
        self.writer, self.reader = write_engine(self.engine), read_engine(self.engine)
        self.catalog = Catalog(self.engine)

    @cached_property
    def rates(self) -> RateBook:
        settings = self.settings
        return RateBook(
            Buckets(settings.rate_units_per_second_by_ip, settings.rate_burst_units_by_ip),
            Buckets(settings.rate_units_per_second_by_address, settings.rate_burst_units_by_address),
        )

    @cached_property
    def sealer(self) -> Sealer:
        key = self.settings.secrets_key
        return Sealer(parse_keys(key.get_secret_value() if key else ""))

    @cached_property
    def outbound(self) -> GuardedClient:
        """The only way to URLs that users gave."""
        settings = self.settings
        ports = frozenset(int(port) for port in settings.outbound_ports.split(","))
        return GuardedClient(ports=ports, allowed=networks(settings.outbound_allowed_networks))

    @cached_property
    def precheck_endpoint(self) -> Endpoint | None:
        """The operator's model, if there is one. Raises ValueError for unfit settings, OSError for the key's file."""
        settings = self.settings
        if settings.precheck_url is None or settings.precheck_model is None:
            return None
        key = settings.precheck_key.get_secret_value() if settings.precheck_key else None
        if settings.precheck_key_file is not None:
            key = Path(settings.precheck_key_file).read_text(encoding="utf-8").strip()
        return Endpoint(settings.precheck_url, settings.precheck_model, key, settings.precheck_timeout_seconds)

    @property
    def is_development(self) -> bool:
        return self.settings.is_development(self.escrow.chain_id)

    @property
    def withdrawal_minimum_units(self) -> int:
        """What is swept at least, unless the operator says otherwise; nothing where money is worth nothing."""
        if self.settings.withdrawal_minimum_units is not None:
            return self.settings.withdrawal_minimum_units
        return 0 if self.is_development else self.settings.sweep_minimum_units

    @property
    def operator_address(self) -> str:
        return self.settings.operator_address or self.relayer_address

    def transaction_url(self, transaction_hash: str | None) -> str | None:
        """Where a person can look at a transaction; None without an explorer."""
        if not self.settings.explorer_url or not transaction_hash:
            return None
        return f"{self.settings.explorer_url.rstrip('/')}/tx/{transaction_hash}"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        ambient = transactions.current()
        if ambient is not None and ambient.session is not None:
            yield ambient.session
            return
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose transaction commits at the end, or not at all; with the request, where that is one."""
        ambient = transactions.current()
        if ambient is not None:
            session = ambient.begun()
            yield session
            session.flush()
            return
        with Session(self.writer) as session, session.begin():
            yield session
