"""A new assigner key: batches that name the old one go on as long as its key is kept, and new ones name the new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from pydantic import SecretStr, ValidationError

from backend.settings import GatewaySettings
from tests.backend.house import House, open_house
from tests.backend.relay.room import key_of


def opened(stack: Any, folder: Path, key: SecretStr, retired: SecretStr | None = None) -> Any:
    return open_house(stack, folder, assigner_key=key, retired_assigner_keys=retired)


def assigner_of(house: House, batch_id: str) -> Any:
    return house.stack.web3.to_checksum_address(house.get(None, f"/v1/batches/{batch_id}")["terms"]["assigner"])


def test_batches_of_the_old_key_go_on_and_new_ones_name_the_new(stack: Any, tmp_path: Path) -> None:
    old, new = Account.create(), Account.create()
    with opened(stack, tmp_path, key_of(old)) as house:
        earlier, worker = house.funded(tasks=4), house.wallet()
        house.submitted(worker, earlier, count=1)
        unused = house.offer(worker, earlier, count=1)

    with opened(stack, tmp_path, key_of(new), key_of(old)) as house:
        assert house.get(None, "/v1/chain")["assigner"] == new.address
        assert house.offer(worker, earlier, count=1)["ticket"] == unused["ticket"], "a ticket that is out still holds"
        house.submitted(worker, earlier, count=1)
        house.submitted(house.wallet(), earlier, count=2)
        later = house.funded(tasks=1)
        house.submitted(worker, later, count=1)
        assert (assigner_of(house, earlier), assigner_of(house, later)) == (old.address, new.address)


def test_a_key_that_is_not_kept_ends_the_handing_out_of_its_batches_and_nothing_else(
    stack: Any, tmp_path: Path
) -> None:
    old, new = Account.create(), Account.create()
    with opened(stack, tmp_path, key_of(old)) as house:
        batch_id, worker = house.funded(tasks=2), house.wallet()
        offer = house.claimed(worker, batch_id, count=1)

    with opened(stack, tmp_path, key_of(new)) as house:
        house.refused(house.wallet(), "/v1/work/assignments", {"batch_id": batch_id}, 409, "other_assigner")
        house.submit(worker, offer, house.answered(worker, offer))
        house.reaches(worker, offer["assignment_id"], "submitted")


def test_a_gateway_that_signs_with_the_new_key_for_old_batches_is_caught(
    stack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: the batch's own assigner is not asked for."""
    old, new = Account.create(), Account.create()
    with opened(stack, tmp_path, key_of(old)) as house:
        batch_id = house.funded(tasks=2)
    with opened(stack, tmp_path, key_of(new), key_of(old)) as house:
        assigner = house.services.assigner
        sign = assigner.sign_ticket
        monkeypatch.setattr(assigner, "sign_ticket", lambda ticket, _: sign(ticket))
        with pytest.raises(AssertionError, match="ticket_invalid"):
            house.claimed(house.wallet(), batch_id, count=1)


@pytest.mark.parametrize("text", ["0x12", "not a key", f"{'ab' * 32},{'ab' * 31}"])
def test_retired_keys_that_are_none_are_refused_without_being_repeated(stack: Any, text: str) -> None:
    with pytest.raises(ValidationError, match="PIECEWORK_RETIRED_ASSIGNER_KEYS") as failure:
        GatewaySettings(
            rpc_url="http://127.0.0.1:1",
            escrow_address=stack.escrow.address,
            database_url="sqlite://",
            payload_store="embedded:unused",
            public_url="http://gateway.test",
            relayer_key=SecretStr("0x" + "11" * 32),
            assigner_key=SecretStr("0x" + "22" * 32),
            arbitrator=stack.escrow.address,
            retired_assigner_keys=SecretStr(text),
        )
    assert text not in str(failure.value)
