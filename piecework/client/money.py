"""The requester's own side of the chain: what is signed and sent is built here, not taken from the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_account.signers.local import LocalAccount

from piecework.chain.calls import Call, simulate
from piecework.chain.client import connect
from piecework.chain.errors import CallReverted, ChainError
from piecework.chain.escrow import Escrow, PermitApproval
from piecework.chain.fees import fees_now
from piecework.chain.token import Token
from piecework.client.errors import FundingFailed, NotWhatWasAsked
from piecework.domain import messages
from piecework.domain.messages import BatchKey

if TYPE_CHECKING:
    from web3 import Web3

PERMIT_SECONDS = 3_600
_NO_PERMIT = "0x" + "00" * 65
"""In place of a permit where the token was told by `approve`."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """Unsigned, for any wallet. `data` is calldata in hex, `value` wei."""

    to: str
    data: str
    chain_id: int
    value: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As `eth_sendTransaction` takes it."""
        return {"to": self.to, "data": self.data, "value": hex(self.value), "chainId": hex(self.chain_id)}


class Money:
    """One escrow on one node. Blocking: the clients call it in a thread."""

    def __init__(self, rpc_url: str, escrow: str, chain_id: int) -> None:
        """Raises FundingFailed if no such escrow answers there."""
        try:
            self.web3: Web3 = connect(rpc_url, chain_id=chain_id)
            self.escrow = Escrow(self.web3, escrow)
            self.escrow.check()
        except (ChainError, ValueError) as error:
            raise FundingFailed(str(error)) from error
        self.token = Token(self.web3, self.escrow.token_address())

    def missing_units(self, key: BatchKey, assignments: int, reserve_units: int) -> int:
        """Token units that the account lacks for the batch."""
        total = key.terms.unit_cost_units * assignments + reserve_units
        return max(0, total - self.escrow.account(key.requester).owed)

    def transactions(self, key: BatchKey, assignments: int, reserve_units: int) -> list[Transaction]:
        """What a wallet sends to fund without signing a permit: `approve` if it must, then the batch."""
        missing = self.missing_units(key, assignments, reserve_units)
        if missing == 0:
            return [self._unsigned(self.escrow.open_batch(key.terms, key.salt, assignments))]
        calls = []
        if self.token.allowance(key.requester, self.escrow.address) < missing:
            calls.append(self.token.approve(self.escrow.address, missing))
        approval = PermitApproval(missing, 0, _NO_PERMIT)
        calls.append(self.escrow.open_batch_with_permit(key.terms, key.salt, assignments, approval))
        return [self._unsigned(call) for call in calls]

    def fund(self, account: LocalAccount, key: BatchKey, assignments: int, reserve_units: int) -> tuple[str, int]:
        """Funds in one transaction; returns its hash and block. Raises FundingFailed."""
        missing = self.missing_units(key, assignments, reserve_units)
        if missing == 0:
            return self.send(account, self.escrow.open_batch(key.terms, key.salt, assignments))
        held = self.token.balance_of(account.address)
        if held < missing:
            raise FundingFailed(
                f"the batch takes {missing} units of {self.token.symbol} from {account.address}, which holds {held}"
            )
        deadline = self.escrow.pending_timestamp() + PERMIT_SECONDS
        permit = messages.token_permit(
            token=self.token.address,
            token_name=self.token.name,
            token_version=self.token.version,
            chain_id=self.escrow.chain_id,
            owner=account.address,
            spender=self.escrow.address,
            value_units=missing,
            nonce=self.token.nonce_of(account.address),
            deadline=deadline,
        )
        signature = "0x" + bytes(account.sign_message(messages.signable(permit)).signature).hex()
        approval = PermitApproval(missing, deadline, signature)
        return self.send(account, self.escrow.open_batch_with_permit(key.terms, key.salt, assignments, approval))

    def close(self, account: LocalAccount, key: BatchKey) -> tuple[str, int]:
        """Stops claims; free money comes back to the account in the escrow."""
        return self.send(account, self.escrow.close_batch(key))

    def withdraw(self, account: LocalAccount, amount_units: int | None) -> tuple[str, int]:
        """From the account in the escrow to its own address; all of it if no amount is given."""
        owed = self.escrow.account(account.address).owed
        amount = owed if amount_units is None else amount_units
        if amount == 0:
            raise FundingFailed(f"nothing is owed to {account.address}")
        return self.send(account, self.escrow.withdraw(amount, account.address))

    def check_key(self, batch_id: str, key: BatchKey) -> None:
        """Raises NotWhatWasAsked unless `key` is the batch's."""
        if key.batch_id(self.escrow.domain) != batch_id:
            raise NotWhatWasAsked(f"the gateway told other terms than those of batch {batch_id}")

    def send(self, account: LocalAccount, call: Call, seconds: float = 180.0) -> tuple[str, int]:
        """Signs, sends, waits for the receipt. Raises FundingFailed."""
        from web3.exceptions import TimeExhausted, Web3Exception

        try:
            simulate(self.web3, call, account.address)
            fees = fees_now(self.web3)
            asked: Any = {"from": account.address, "to": call.to, "data": call.data}
            gas = int(self.web3.eth.estimate_gas(asked))
            unsigned: Any = {
                "type": 2,
                "chainId": self.escrow.chain_id,
                "nonce": self.web3.eth.get_transaction_count(account.address, "pending"),
                "to": call.to,
                "data": call.data,
                "value": 0,
                "gas": gas * 5 // 4,
                "maxFeePerGas": fees.most_wei,
                "maxPriorityFeePerGas": fees.tip_wei,
            }
            signed = account.sign_transaction(unsigned)
            sent = self.web3.eth.send_raw_transaction(signed.raw_transaction)
            receipt = self.web3.eth.wait_for_transaction_receipt(sent, timeout=seconds)
        except CallReverted as error:
            raise FundingFailed(f"the contract refuses: {error}") from error
        except TimeExhausted:
            raise FundingFailed(
                f"0x{bytes(sent).hex()} is not mined after {seconds:.0f} s: look at it before you try again"
            ) from None
        except (Web3Exception, ValueError, OSError) as error:
            raise FundingFailed(f"the node did not take the transaction: {error}") from error
        name = "0x" + bytes(receipt["transactionHash"]).hex()
        if receipt["status"] != 1:
            raise FundingFailed(f"transaction {name} was mined and reverted")
        return name, int(receipt["blockNumber"])

    def _unsigned(self, call: Call) -> Transaction:
        return Transaction(call.to, call.data, self.escrow.chain_id)
