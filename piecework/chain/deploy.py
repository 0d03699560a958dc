"""Puts the contracts on a chain: libraries first, then the escrow linked to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from piecework.chain import artifacts
from piecework.chain.errors import ChainError, ContractMissing, NodeUnreachable, decode_revert

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount
    from web3 import Web3

Progress = Callable[[str], None]


class DeploymentFailed(ChainError):
    """A creation was refused by the contract or the node, or was mined and failed."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Addresses of one deployment and the block of the escrow's creation."""

    chain_id: int
    token: str
    escrow: str
    libraries: dict[str, str]
    arbitrators: list[str]
    block_number: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def deploy_contract(
    web3: Web3,
    sender: LocalAccount,
    contract: str,
    *arguments: Any,
    libraries: dict[str, str] | None = None,
) -> tuple[str, int]:
    """Creates `contract`, waits for it, and returns its address and block.

    Raises DeploymentFailed with the contract's or the node's own words, or NodeUnreachable.
    """
    import requests
    from web3.exceptions import ContractLogicError, Web3Exception

    artifact = artifacts.load(contract)
    factory = web3.eth.contract(abi=artifact.abi, bytecode="0x" + artifact.linked(libraries or {}))
    try:
        transaction = factory.constructor(*arguments).build_transaction(
            {"from": sender.address, "nonce": web3.eth.get_transaction_count(sender.address)}
        )
        signed = sender.sign_transaction(transaction)
        sent = web3.eth.send_raw_transaction(signed.raw_transaction)
        receipt = web3.eth.wait_for_transaction_receipt(sent)
    except ContractLogicError as error:
        data = error.data if isinstance(error.data, (str, bytes)) else ""
        raise DeploymentFailed(f"creating {contract} was refused: {decode_revert(data)}") from error
    except Web3Exception as error:
        raise DeploymentFailed(f"creating {contract} failed: {str(error)[:300]}") from error
    except requests.RequestException as error:
        raise NodeUnreachable(str(getattr(web3.provider, "endpoint_uri", "")), type(error).__name__) from error
    if receipt["status"] != 1 or receipt["contractAddress"] is None:
        raise DeploymentFailed(f"creating {contract} failed in transaction {sent.to_0x_hex()}")
    return str(receipt["contractAddress"]), int(receipt["blockNumber"])


def deploy_token(web3: Web3, sender: LocalAccount) -> str:
    """Creates the development token."""
    return deploy_contract(web3, sender, "TestToken")[0]


def deploy_panel(web3: Web3, sender: LocalAccount, members: Sequence[str], threshold: int) -> str:
    """Creates a ReviewPanel of `threshold` of `members`."""
    return deploy_contract(web3, sender, "ReviewPanel", list(members), threshold)[0]


def deploy_arbitration_panel(
    web3: Web3, sender: LocalAccount, jurors: Sequence[str], threshold: int, fee_units: int
) -> str:
    """Creates an ArbitrationPanel of `threshold` of `jurors` that rules for at least `fee_units`."""
    return deploy_contract(web3, sender, "ArbitrationPanel", list(jurors), threshold, fee_units)[0]


def deploy_credentials(web3: Web3, sender: LocalAccount) -> tuple[str, int]:
    """Creates the registry of qualifications; returns its address and block."""
    return deploy_contract(web3, sender, "Credentials")


def deploy_escrow(
    web3: Web3,
    sender: LocalAccount,
    token: str,
    arbitrators: Sequence[str],
    progress: Progress = lambda _: None,
) -> Deployment:
    """Creates the libraries and the escrow for `token`.

    Raises ContractMissing if there is no token at the address, DeploymentFailed if a creation fails.
    """
    if not web3.eth.get_code(web3.to_checksum_address(token)):
        raise ContractMissing(token, "payment token", "there is no code")
    libraries = {}
    for name in artifacts.load("TaskEscrow").libraries():
        libraries[name], _ = deploy_contract(web3, sender, name)
        progress(f"{name} at {libraries[name]}")
    escrow, block = deploy_contract(web3, sender, "TaskEscrow", token, list(arbitrators), libraries=libraries)
    progress(f"TaskEscrow at {escrow}")
    return Deployment(
        chain_id=web3.eth.chain_id,
        token=token,
        escrow=escrow,
        libraries=libraries,
        arbitrators=list(arbitrators),
        block_number=block,
    )
