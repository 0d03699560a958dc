"""Qualifications in rows, beside the escrow's: one checkpoint, one transaction, one way back."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from sqlalchemy import Engine, select

from indexer.errors import WrongDatabase
from indexer.follower import Follower
from indexer.handlers.credentials import HANDLERS
from indexer.source import LogSource
from piecework.chain.credentials import Credentials
from piecework.chain.deploy import deploy_credentials
from piecework.chain.errors import ContractMissing
from piecework.chain.logs import CredentialLogs
from piecework.db.mirror import Checkpoint, MirrorAccount, MirrorCredential
from piecework.domain import credentials as messages
from piecework.domain.credentials import skill_id
from tests.backend.relay.market import DAY, Market, signed
from tests.indexer.following import dump, everything, follow, to_head

SKILL = skill_id("transcription/latin")


@pytest.fixture(scope="module")
def registry(stack: Any) -> Credentials:
    """A registry on the module's chain."""
    return Credentials(stack.web3, deploy_credentials(stack.web3, stack.accounts["deployer"])[0])


def follow_both(stack: Any, registry: Credentials, engine: Engine, rpc: Any) -> Follower:
    follower = Follower(engine, LogSource(rpc, stack.escrow.address, credentials=registry.address))
    follower.prepare()
    return follower


def compare_credentials(engine: Engine, registry: Credentials) -> int:
    """Every row against `credentialOf`; returns how many."""
    with engine.connect() as connection:
        block = connection.execute(select(Checkpoint.block_number)).scalar_one()
        rows = connection.execute(select(MirrorCredential.__table__)).all()
    for row in rows:
        view = registry.contract.functions.credentialOf(row.holder, row.issuer, bytes.fromhex(row.skill[2:]))
        mirrored = (row.level, row.expiry, row.granted_at, row.version, row.refused)
        assert mirrored == tuple(view.call(block_identifier=block)), row
    return len(rows)


def grant_by_signature(stack: Any, registry: Credentials, issuer: Any, holder: str, level: int) -> None:
    deadline = Market(stack).now + DAY
    version = registry.credential(holder, issuer.address, SKILL).version
    wish = {"issuer": issuer.address, "holder": holder, "skill": SKILL, "level": level, "expiry": deadline + 300 * DAY}
    data = messages.grant(registry.domain, **wish, version=version, deadline=deadline)  # type: ignore[arg-type]
    stack.send(
        stack.accounts["relayer"],
        registry.grant_by_sig(**wish, deadline=deadline, signature=signed(issuer, data)),  # type: ignore[arg-type]
    )


def refuse_by_signature(stack: Any, registry: Credentials, holder: Any, issuer: str, refused: bool) -> None:
    deadline = Market(stack).now + DAY
    version = registry.credential(holder.address, issuer, SKILL).version
    wish = {"holder": holder.address, "issuer": issuer, "skill": SKILL, "refused": refused}
    data = messages.refusal(registry.domain, **wish, version=version, deadline=deadline)  # type: ignore[arg-type]
    stack.send(
        stack.accounts["relayer"],
        registry.set_refusal_by_sig(**wish, deadline=deadline, signature=signed(holder, data)),  # type: ignore[arg-type]
    )


def a_life(stack: Any, registry: Credentials) -> None:
    """Granted, changed, revoked, refused, taken again; by others and by oneself."""
    issuer = stack.accounts["reviewer1"]
    people = [Account.create() for _ in range(3)]
    for level, person in enumerate(people):
        grant_by_signature(stack, registry, issuer, person.address, 50 + level)
    grant_by_signature(stack, registry, issuer, people[0].address, 100)
    stack.send(issuer, registry.revoke(people[1].address, SKILL))
    refuse_by_signature(stack, registry, people[2], issuer.address, True)
    refuse_by_signature(stack, registry, people[2], issuer.address, False)
    grant_by_signature(stack, registry, issuer, people[2].address, 7)
    own = stack.accounts["stranger"]
    grant_by_signature(stack, registry, own, own.address, 100)
    refuse_by_signature(stack, registry, own, own.address, True)
    refuse_by_signature(stack, registry, own, own.address, False)
    grant_by_signature(stack, registry, own, own.address, 3)
    stack.send(own, registry.revoke(own.address, SKILL))


def test_every_event_of_the_registry_has_a_handler() -> None:
    assert set(HANDLERS) == CredentialLogs().names


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_rows_equal_credential_of_whoever_issues_and_whoever_refuses(
    stack: Any, registry: Credentials, rpc: Any, new_engine: Any, kind: str
) -> None:
    engine = new_engine(kind)
    follower = follow_both(stack, registry, engine, rpc)
    a_life(stack, registry)
    to_head(follower)
    assert compare_credentials(engine, registry) >= 4


def test_the_comparison_notices_a_version_that_a_revocation_does_not_raise(
    stack: Any, registry: Credentials, rpc: Any, new_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: revocations count nothing."""
    a_life(stack, registry)
    monkeypatch.setitem(HANDLERS, "CredentialRevoked", lambda *_: None)
    engine = new_engine("sqlite")
    to_head(follow_both(stack, registry, engine, rpc))
    with pytest.raises(AssertionError):
        compare_credentials(engine, registry)


def test_a_reorg_takes_rows_of_both_contracts_back(
    stack: Any, registry: Credentials, rpc: Any, new_engine: Any
) -> None:
    engine, market, person = new_engine("sqlite"), Market(stack), Account.create()
    market.open_batch()
    grant_by_signature(stack, registry, stack.accounts["reviewer1"], person.address, 10)
    follower = follow_both(stack, registry, engine, rpc)
    to_head(follower)
    before, fork = dump(engine), stack.web3.eth.block_number
    grant_by_signature(stack, registry, stack.accounts["reviewer1"], person.address, 90)
    market.open_batch()
    stack.send(stack.accounts["reviewer1"], registry.revoke(person.address, SKILL))
    to_head(follower)
    assert dump(engine) != before
    depth = stack.web3.eth.block_number - fork
    stack.web3.provider.make_request("anvil_reorg", [depth, []])
    assert sum(step.reorganised for step in to_head(follower)) == depth
    assert dump(engine) == before
    compare_credentials(engine, registry)
    with engine.connect() as connection:
        assert connection.execute(select(MirrorAccount.__table__)).first() is not None


def test_without_a_registry_only_the_escrow_is_followed(
    stack: Any, registry: Credentials, rpc: Any, new_engine: Any
) -> None:
    a_life(stack, registry)
    engine = new_engine("sqlite")
    to_head(follow(stack, engine, rpc))
    assert compare_credentials(engine, registry) == 0


def test_a_database_of_another_registry_is_refused_and_left_alone(
    stack: Any, registry: Credentials, rpc: Any, new_engine: Any
) -> None:
    engine = new_engine("sqlite")
    to_head(follow_both(stack, registry, engine, rpc))
    before = everything(engine)
    other = Credentials(stack.web3, deploy_credentials(stack.web3, stack.accounts["deployer"])[0])
    with pytest.raises(WrongDatabase, match="credentials"):
        follow_both(stack, other, engine, rpc)
    with pytest.raises(WrongDatabase, match="credentials"):
        follow(stack, engine, rpc)
    assert everything(engine) == before


def test_an_address_without_code_is_no_registry(stack: Any, rpc: Any, new_engine: Any) -> None:
    nobody = Account.create().address
    with pytest.raises(ContractMissing, match="Credentials"):
        Follower(new_engine("sqlite"), LogSource(rpc, stack.escrow.address, credentials=nobody)).prepare()
