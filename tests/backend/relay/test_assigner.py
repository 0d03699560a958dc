"""The assigner's signature opens exactly the claim it names, and its key stays in the room."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account

from backend.relay.assigner import Assigner
from piecework.domain.messages import Ticket, signable
from tests.backend.relay.market import HOUR
from tests.backend.relay.room import key_of


@pytest.fixture
def assigner(stack: Any) -> Assigner:
    return Assigner(key_of(stack.accounts["assigner"]))


def test_a_ticket_is_signed_by_the_assigner_in_65_bytes(market: Any, assigner: Assigner) -> None:
    key = market.open_batch(3, assigner=assigner.address)
    data = market.ticket_data(key, market.worker().address, lease_end=market.now + HOUR, deadline=market.now + HOUR)

    signature = assigner.sign_ticket(data)

    assert len(bytes.fromhex(signature[2:])) == 65
    assert Account.recover_message(signable(data), signature=signature) == assigner.address


def test_the_escrow_takes_a_claim_with_the_ticket_and_refuses_it_for_another_worker(
    market: Any, assigner: Assigner
) -> None:
    key = market.open_batch(3, assigner=assigner.address)
    invited, other = market.worker(), market.worker()
    ends = {"lease_end": market.now + HOUR, "deadline": market.now + HOUR}
    ticket = Ticket(
        leaseEnd=ends["lease_end"],
        deadline=ends["deadline"],
        signature=assigner.sign_ticket(market.ticket_data(key, invited.address, **ends)),
    )

    market.relayed_by_hand(key, market.claim(key, invited, ticket=ticket), market.claim(key, other, ticket=ticket))

    assert market.stack.escrow.tally(market.batch_id(key), invited.address).claimed == 1
    assert market.stack.escrow.tally(market.batch_id(key), other.address).claimed == 0


def test_nothing_but_a_ticket_is_signed(market: Any, assigner: Assigner) -> None:
    key = market.open_batch(3)
    claim = market.claim(key, market.worker())

    with pytest.raises(ValueError, match="tickets only"):
        assigner.sign_ticket(claim.typed_data(market.stack.escrow.domain))
    with pytest.raises(ValueError, match="enrolments only"):
        assigner.sign_enrolment(claim.typed_data(market.stack.escrow.domain), assigner.address)


def test_the_key_is_in_no_text_that_the_assigner_gives(stack: Any, assigner: Assigner) -> None:
    secret = bytes(stack.accounts["assigner"].key).hex()

    texts = [repr(assigner), str(assigner), repr(vars(assigner))]

    assert assigner.address in texts[0]
    assert all(secret not in text.lower() for text in texts)


def test_a_broken_key_is_refused_without_repeating_it() -> None:
    from pydantic import SecretStr

    broken = "12" * 31 + "zz"

    with pytest.raises(Exception) as refused:
        Assigner(SecretStr(broken))

    assert broken not in str(refused.value)
