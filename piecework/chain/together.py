"""Many questions to a node in one request: what a round asks costs one wait, whatever it asks of."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from web3 import Web3

MOST_TOGETHER = 100
"""Questions in one request: what the usual services take."""
_AGAIN_SECONDS = 0.125

Question = tuple[str, Sequence[Any]]
"""Method and parameters, as plain JSON."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The node's error for one question; the others have their answers."""

    error: Any

    def __str__(self) -> str:
        return str(self.error)


def ask_together(web3: Web3, questions: Sequence[Question]) -> list[Any]:
    """What the node answers to each, in the order asked, as plain JSON; Refused where it answers with an error.

    A lost answer is asked for once more, so only what may be asked twice belongs here. A node that takes no lists is
    asked one by one. Raises OSError if it is away, and BadResponseFormat for what is no JSON-RPC.
    """
    found: list[Any] = []
    for start in range(0, len(questions), MOST_TOGETHER):
        found += _asked(web3.provider, list(questions[start : start + MOST_TOGETHER]))
    return found


def _asked(provider: Any, questions: list[Question]) -> list[Any]:
    answers: Any = _listed(provider, questions) if len(questions) > 1 else None
    if not _is_whole(answers, len(questions)):
        answers = [provider.make_request(method, parameters) for method, parameters in questions]
    return [_result(answer) for answer in answers]


def _is_whole(answers: Any, count: int) -> bool:
    """Whether each question has one answer; web3 numbers the questions and sorts the answers."""
    if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
        return False
    numbers = [answer.get("id") for answer in answers]
    return numbers != [] and isinstance(numbers[0], int) and numbers == list(range(numbers[0], numbers[0] + count))


def _listed(provider: Any, questions: list[Question]) -> Any:
    """The list of answers, or whatever else a node says that takes no lists."""
    import requests

    for left in (1, 0):
        try:
            return provider.make_batch_request(questions)
        except requests.HTTPError:
            return None
        except requests.ConnectionError:
            if not left:
                raise
            time.sleep(_AGAIN_SECONDS)
    return None


def _result(answer: Any) -> Any:
    from web3.exceptions import BadResponseFormat

    if not isinstance(answer, dict) or ("result" not in answer and answer.get("error") is None):
        raise BadResponseFormat(f"the node's answer is no JSON-RPC: {str(answer)[:200]}")
    return Refused(answer["error"]) if answer.get("error") is not None else answer["result"]
