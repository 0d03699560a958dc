"""`piecework deploy`."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from piecework.chain.anvil import DEVELOPMENT_CHAIN_IDS
from piecework.chain.client import connect
from piecework.chain.deploy import deploy_arbitration_panel, deploy_credentials, deploy_escrow, deploy_token
from piecework.chain.errors import ChainError
from piecework.domain.ids import Address, parse_address
from scripts.terminal import err, fail, out

MAX_JURORS = 31


@dataclass(frozen=True)
class PanelWish:
    """An arbitration panel to be deployed beside the escrow; no jurors, no panel."""

    jurors: list[str]
    threshold: int | None
    """Revealed votes that make a ruling; a bare majority by default."""
    fee_units: int


def run_deploy(rpc_url: str, *, token: str | None, arbitrators: list[str], panel: PanelWish) -> int:
    """Prints `{chain_id, token, escrow, libraries, arbitrators, block_number, arbitration_panel, credentials}`.

    All that an indexer reads lies at or after `block_number`.
    """
    from eth_account import Account

    key = os.environ.get("PIECEWORK_DEPLOYER_KEY")
    if not key:
        return fail("set PIECEWORK_DEPLOYER_KEY to the private key that pays for the deployment")
    try:
        sender = Account.from_key(key)
    except (ValueError, TypeError):
        return fail("PIECEWORK_DEPLOYER_KEY is no private key of 64 hex digits")
    if not arbitrators and not panel.jurors:
        return fail("name an --arbitrator, or a --juror for a panel: the set is fixed for ever at deployment")
    try:
        web3 = connect(rpc_url)
        if token is None:
            if web3.eth.chain_id not in DEVELOPMENT_CHAIN_IDS:
                return fail("name the --token: the test token is for development chains only")
            token = deploy_token(web3, sender)
        listed = [parse_address(address) for address in arbitrators]
        facts: dict[str, str | None] = {"arbitration_panel": None}
        if panel.jurors:
            jurors = [parse_address(juror) for juror in panel.jurors]
            threshold = panel.threshold or len(jurors) // 2 + 1
            _check_panel(jurors, threshold)
            facts["arbitration_panel"] = deploy_arbitration_panel(web3, sender, jurors, threshold, panel.fee_units)
            listed.insert(0, parse_address(str(facts["arbitration_panel"])))
        done = deploy_escrow(web3, sender, parse_address(token), listed, progress=err.print)
        facts["credentials"] = deploy_credentials(web3, sender)[0]
    except (ChainError, ValueError) as error:
        return fail(str(error))
    out.print_json(json.dumps({**done.as_dict(), **facts}))
    return 0


def _check_panel(jurors: list[Address], threshold: int) -> None:
    """Raises ValueError for what the panel's constructor would refuse."""
    count = len(jurors)
    if len(set(jurors)) != count:
        raise ValueError("a juror is named twice")
    if not threshold <= count < 2 * threshold or count > MAX_JURORS:
        raise ValueError(
            f"--juror-threshold {threshold} does not fit {count} jurors: it must be a majority of at most {MAX_JURORS}"
        )
