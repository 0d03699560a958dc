"""`piecework deploy`."""

from __future__ import annotations

import json
import os

from piecework.chain.anvil import DEVELOPMENT_CHAIN_IDS
from piecework.chain.client import connect
from piecework.chain.deploy import deploy_escrow, deploy_token
from piecework.chain.errors import ChainError
from piecework.domain.ids import parse_address
from scripts.terminal import err, fail, out


def run_deploy(rpc_url: str, *, token: str | None, arbitrators: list[str]) -> int:
    """Prints `{chain_id, token, escrow, libraries, arbitrators, block_number}`."""
    from eth_account import Account

    key = os.environ.get("PIECEWORK_DEPLOYER_KEY")
    if not key:
        return fail("set PIECEWORK_DEPLOYER_KEY to the private key that pays for the deployment")
    try:
        sender = Account.from_key(key)
    except (ValueError, TypeError):
        return fail("PIECEWORK_DEPLOYER_KEY is no private key of 64 hex digits")
    if not arbitrators:
        return fail("name at least one --arbitrator: the set is fixed for ever at deployment")
    try:
        web3 = connect(rpc_url)
        if token is None:
            if web3.eth.chain_id not in DEVELOPMENT_CHAIN_IDS:
                return fail("name the --token: the test token is for development chains only")
            token = deploy_token(web3, sender)
        listed = [parse_address(address) for address in arbitrators]
        done = deploy_escrow(web3, sender, parse_address(token), listed, progress=err.print)
    except (ChainError, ValueError) as error:
        return fail(str(error))
    out.print_json(json.dumps(done.as_dict()))
    return 0
