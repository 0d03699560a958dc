"""A connection to a node that says clearly when there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from piecework.chain.errors import NodeUnreachable, WrongChainId

if TYPE_CHECKING:
    from web3 import Web3


def connect(rpc_url: str, *, chain_id: int | None = None, timeout_seconds: float = 10.0) -> Web3:
    """A Web3 over HTTP whose node answered once.

    Raises NodeUnreachable, or WrongChainId if `chain_id` is given and the node serves another.
    """
    import requests
    from web3 import HTTPProvider, Web3
    from web3.exceptions import Web3Exception
    from web3.providers.rpc.utils import ExceptionRetryConfiguration

    from piecework.chain.shape import answer_shape

    # A node that is slow is not asked again: five times ten seconds would outlast whoever waits for the answer.
    retries = ExceptionRetryConfiguration(errors=(requests.ConnectionError,), retries=2)
    provider = HTTPProvider(rpc_url, request_kwargs={"timeout": timeout_seconds}, exception_retry_configuration=retries)
    web3 = Web3(provider)
    web3.middleware_onion.remove("validation")
    web3.middleware_onion.inject(answer_shape(), layer=0)
    try:
        found = web3.eth.chain_id
    except (requests.RequestException, Web3Exception, ValueError, OSError) as error:
        raise NodeUnreachable(rpc_url, type(error).__name__) from error
    if not isinstance(found, int):
        raise NodeUnreachable(rpc_url, "the answer is no JSON-RPC")
    if chain_id is not None and found != chain_id:
        raise WrongChainId(rpc_url, chain_id, found)
    return web3
