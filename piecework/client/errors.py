"""What can go wrong between a requester's program and a gateway.

PieceworkError
├── GatewayUnreachable   nobody answers, or something that is no gateway
├── GatewayRefused       the gateway says no; `code` is its stable name
├── NotWhatWasAsked      the gateway drafted something else: nothing was signed
├── TasksRefused         a file or list of tasks that cannot be sent; names the line
├── ExportRefused        results cannot be written as asked
├── AmountRefused        an amount of money that is none
├── FundingFailed        the chain did not take the transaction
└── StillWaiting         the time that was given is over; the work goes on
"""

from __future__ import annotations

from collections.abc import Sequence

from piecework.files.reading import Fault


class PieceworkError(Exception):
    """Base of everything that the client raises on purpose."""


class GatewayUnreachable(PieceworkError):
    """No gateway answers at the address."""


class GatewayRefused(PieceworkError):
    """The gateway's problem: `status` of HTTP, stable `code`, and a `detail` that says what to do."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail


class NotWhatWasAsked(PieceworkError):
    """What the gateway wants signed is not what was asked for. Nothing was signed."""


class TasksRefused(PieceworkError, ValueError):
    """The tasks cannot be sent; the message names file, line and column of each of the first `faults`."""

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class ExportRefused(PieceworkError, ValueError):
    """No such format, or what it needs is not installed."""


class AmountRefused(PieceworkError, ValueError):
    """Not an amount of the token."""


class FundingFailed(PieceworkError):
    """The chain refused or reverted a transaction; the message is the contract's own reason where there is one."""


class StillWaiting(PieceworkError, TimeoutError):
    """The batch is not finished within the time given. Wait again: nothing is lost."""
