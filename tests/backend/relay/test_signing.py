"""What was broadcast is sent again after a second, and not remembered for longer."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from backend.relay import signing


def test_a_transaction_is_handed_over_again_after_a_second_and_then_forgotten(
    stack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a relay would hold the hash of each transaction that a dearer one replaced for as long as it runs."""
    now, asked, hand_over = [100.0], list[list[Any]](), signing.ask_together

    def ask(web3: Any, questions: list[Any]) -> Any:
        asked.append(questions)
        return hand_over(web3, questions)

    monkeypatch.setattr(signing.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(signing, "ask_together", ask)
    key = SecretStr("0x" + bytes(stack.accounts["deployer"].key).hex())
    signer = signing.Signer(stack.web3, stack.web3.eth.chain_id, key)
    first, second = ("0x01", "0xaa"), ("0x02", "0xbb")

    for seconds, signed, sent in ((0.0, [first], 1), (0.5, [first], 0), (0.5, [first], 1), (5.0, [second], 1)):
        now[0] += seconds
        signer.broadcast(signed)
        assert len(asked[-1]) == sent, f"at {now[0]}"
    assert set(signer._broadcast_at) == {"0x02"}
