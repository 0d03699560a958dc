"""Refuses what is no JSON-RPC answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from web3.middleware import Web3Middleware


def answer_shape() -> type[Web3Middleware]:
    """Stands in for web3's validation, which asks the node for the chain's id before every call and estimate.

    What that compares it with is only in transactions that a node would sign, and ours are signed here.
    """
    from web3.exceptions import BadResponseFormat
    from web3.middleware import Web3Middleware

    class AnswerShape(Web3Middleware):
        def response_processor(self, method: Any, response: Any) -> Any:
            if not isinstance(response, dict):
                raise BadResponseFormat(f"{method}: the answer is no JSON-RPC object")
            return response

    return AnswerShape
