"""The sender is killed at every write and every call in turn; each intent still takes effect exactly once."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.relay.outcomes import plain_log
from backend.relay.sender import Sender
from piecework.chain.escrow import Escrow
from piecework.chain.logs import EscrowLogs
from piecework.db.engine import open_engine, upgrade
from piecework.domain.messages import Verdict
from tests.backend.relay.market import Market
from tests.backend.relay.mortal import Fate, Killed, mortal_database, mortal_web3
from tests.backend.relay.room import Room, key_of
from tests.backend.relay.test_sender import queue_settlement
from tests.backend.relay.test_sender_interrupted import make_older

AMOUNT_UNITS = 1_000
GAS_LIMIT = 200_000
"""So small that the packets take more than one transaction."""
_ENOUGH = 2_000
"""More moments than any run has."""


class Life:
    """One relayer with its own database: what was asked of it, and what the chain says came of it."""

    def __init__(self, market: Market, engine: Engine, key: Any, nonce: int) -> None:
        from eth_account import Account

        self.market, self.engine, self.key = market, engine, key
        self.relayer = Account.create()
        market.stack.web3.provider.make_request("anvil_setBalance", [self.relayer.address, hex(10**20)])
        self.room = Room(market, engine, market.stack.escrow, self.relayer, gas_limit=GAS_LIMIT)
        self.workers = [market.worker() for _ in range(3)]
        self.submitter, self.wallet = market.worker(), market.worker()
        market.relayed_by_hand(key, market.claim_and_submit(key, self.submitter))
        self.first_block = market.stack.web3.eth.block_number + 1
        settlement = market.settlement(key, nonce, [Verdict(self.submitter.address, 0, 1, 0)])
        self.intents = [self.room.queue_packet(key, market.claim(key, worker)) for worker in self.workers]
        self.intents.append(queue_settlement(self.room, key, settlement))
        gift = {"to": self.wallet.address, "amount_units": str(AMOUNT_UNITS)}
        self.intents.append(self.room.enqueue("mint", gift))

    def sender(self, fate: Fate, kind: type[Sender] = Sender) -> None:
        """The room's sender is a new one, under `fate`."""
        at, fate.at = fate.at, 0  # building it is no moment
        escrow = Escrow(mortal_web3(self.market.stack.rpc_url, fate), self.market.stack.escrow.address)
        self.room.sender = kind(self.engine, escrow, self.market.stack.token, key_of(self.relayer), gas_limit=GAS_LIMIT)
        fate.at, fate.passed = at, 0

    def is_done(self) -> bool:
        return not self.room.open_intents() and all(row.status == "mined" for row in self.room.transactions())

    def check(self) -> None:
        """Every intent is confirmed, every effect happened once, and the nonces have no gap."""
        assert self.room.statuses(self.intents) == ["confirmed"] * len(self.intents)
        counts = self.events()
        assert counts == {
            **{("Claimed", worker.address): 1 for worker in self.workers},
            ("Settled", None): 1,
            ("FeePaid", None): 1,
            ("Paid", self.submitter.address): 1,
        }
        assert self.market.stack.token.balance_of(self.wallet.address) == AMOUNT_UNITS
        rows = self.room.transactions()
        assert [row.nonce for row in rows] == list(range(self.room.mined_nonce()))

    def events(self) -> Counter[tuple[str, str | None]]:
        web3, decoder = self.market.stack.web3, EscrowLogs()
        wanted = {"address": self.room.escrow.address, "fromBlock": self.first_block, "toBlock": "latest"}
        decoded = [decoder.decode(plain_log(entry)) for entry in web3.eth.get_logs(wanted)]
        return Counter((event.name, event.args.get("worker")) for event in decoded)


def plainly(life: Life) -> None:
    """Blocks come at once and stay."""
    life.room.sender.run_once()  # what the database calls done may have been taken back meanwhile
    life.room.run_until(life.is_done)


def with_trouble(life: Life) -> None:
    """All is stuck and replaced for a higher fee, then mined, then taken back by a reorg and mined anew."""
    web3 = life.market.stack.web3
    web3.provider.make_request("evm_setAutomine", [False])
    life.room.sender.run_once()
    make_older(life.room, 3_600)
    life.room.sender.run_once()
    on_again(life)
    life.room.run_until(life.is_done)
    web3.provider.make_request("anvil_rollback", [web3.eth.block_number - life.first_block + 1])
    assert life.room.mined_nonce() == 0
    life.room.sender.run_once()
    life.room.run_until(life.is_done)


def on_again(life: Life) -> None:
    """What waits is mined, and so is what comes."""
    for method, values in (("evm_setAutomine", [True]), ("evm_mine", [])):
        life.market.stack.web3.provider.make_request(method, values)


@pytest.fixture(scope="module")
def new_life(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Life]:
    """A life on a fresh database, with a settlement that is the batch's next."""
    folder = tmp_path_factory.mktemp("lives")
    template = open_engine(f"sqlite:///{folder / 'template.db'}")
    upgrade(template)
    template.dispose()
    lives: list[Life] = []
    batch: list[Any] = []

    def make() -> Life:
        if not batch:
            batch.append(market.open_batch(9_000, claimBy=market.now + 300 * 86_400))
        if lives:
            lives[-1].engine.dispose()
        name = folder / f"{len(lives)}.db"
        shutil.copy(folder / "template.db", name)
        nonce = market.stack.escrow.batch(market.batch_id(batch[0])).settlements + 1
        lives.append(Life(market, open_engine(f"sqlite:///{name}"), batch[0], nonce))
        return lives[-1]

    return make


def live(life: Life, course: Callable[[Life], None], at: int, dice: random.Random, kind: type[Sender]) -> str:
    """Runs `course` to the moment `at`, and then, maybe killed a second time, to the end. Returns where it died."""
    died = ""
    for moment in (at, dice.randint(1, 60) if dice.random() < 0.5 else 0, 0):
        fate = Fate(moment)
        life.sender(fate, kind)
        try:
            with mortal_database(life.engine, fate):
                course(life)
            break
        except Killed:
            died = died or fate.where
            on_again(life)
            course = plainly
    return died


def die_at_every_moment(
    new_life: Callable[[], Life],
    course: Callable[[Life], None],
    seed: int,
    kind: type[Sender] = Sender,
    first: int = 1,
) -> list[str]:
    """Moment after moment until a run ends before the next comes. Returns the moments."""
    dice = random.Random(seed)
    died: list[str] = []
    for at in range(first, _ENOUGH):
        life = new_life()
        where = ""
        try:
            where = live(life, course, at, dice, kind)
            life.check()
        except Exception as error:
            raise AssertionError(f"killed at moment {at} ({where}): {error!r}") from error
        if not where:
            return died
        died.append(where)
    raise AssertionError("no run came to its end")


@pytest.mark.parametrize("course", [plainly, pytest.param(with_trouble, marks=pytest.mark.slow)])
def test_killed_at_any_moment_everything_still_happens_once(
    new_life: Callable[[], Life], course: Callable[[Life], None]
) -> None:
    died = Counter(die_at_every_moment(new_life, course, seed=7))

    assert died["COMMIT"] > 4
    assert died["eth_sendRawTransaction asked"] >= 3
    assert died["eth_sendRawTransaction answered"] >= 3
    assert died["INSERT INTO relay_transactions"] >= 3
    assert died["eth_getTransactionReceipt answered"] >= 1, "all receipts are asked for at once"


class SendsFirst(Sender):
    """The planted bug: the transaction is sent, and stored afterwards."""

    def _store_and_send(self, wave: Any, nonce: int, fees: Any) -> None:
        rows = [self._signed(ready, nonce + number, fees) for number, ready in enumerate(wave)]
        self._signer.broadcast([(row.transaction_hash, row.raw) for row in rows])
        super()._store_and_send(wave, nonce, fees)


def test_a_sender_that_sends_before_it_stores_is_caught(new_life: Callable[[], Life]) -> None:
    with pytest.raises(AssertionError, match="killed at moment"):
        die_at_every_moment(new_life, plainly, seed=7, kind=SendsFirst)


class ForgetsReplaced(Sender):
    """The planted bug: only the newest form of a nonce is remembered."""

    def run_once(self) -> bool:
        from sqlalchemy import delete

        from piecework.db.gateway import RelayReplaced

        with Session(self._engine) as session, session.begin():
            session.execute(delete(RelayReplaced))
        return super().run_once()


def test_a_sender_that_forgets_replaced_forms_is_caught(new_life: Callable[[], Life]) -> None:
    with pytest.raises(AssertionError, match="killed at moment"):
        die_at_every_moment(new_life, with_trouble, seed=7, kind=ForgetsReplaced, first=30)
