"""A requester's side: draft, check, fund, wait, take the labels. Nothing is signed that was not checked."""

from piecework.client.asynchronous import AsyncBatch, AsyncClient, AsyncDraft
from piecework.client.errors import (
    AmountRefused,
    ExportRefused,
    FundingFailed,
    GatewayRefused,
    GatewayUnreachable,
    NotWhatWasAsked,
    PieceworkError,
    StillWaiting,
    TasksRefused,
)
from piecework.client.money import Transaction
from piecework.client.results import Cost, Progress, Results
from piecework.client.synchronous import Batch, Client, Draft
from piecework.client.tasks import TaskList, read_tasks

__all__ = [
    "AmountRefused",
    "AsyncBatch",
    "AsyncClient",
    "AsyncDraft",
    "Batch",
    "Client",
    "Cost",
    "Draft",
    "ExportRefused",
    "FundingFailed",
    "GatewayRefused",
    "GatewayUnreachable",
    "NotWhatWasAsked",
    "PieceworkError",
    "Progress",
    "Results",
    "StillWaiting",
    "TaskList",
    "TasksRefused",
    "Transaction",
    "read_tasks",
]
