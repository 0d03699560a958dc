"""Sources of our contracts where explorers look for them: the layout of a Sourcify repository.

An explorer in a browser asks from another origin, so these public files may be read from everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.routing import APIRoute

from backend.dependencies import TheServices
from backend.errors import GatewayError, NotFound, problem
from backend.services import Services
from piecework.chain.artifacts import Artifact
from piecework.chain.verification import contract_at, sources_of

_OPEN = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
_CHANGED = re.compile(r"[@:]")
"""Signs that explorers replace in a file's path."""


class ReadEverywhere(APIRoute):
    """Its answers may be read by pages of every origin, refusals too: or an explorer takes "not ours" for a failure."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answered = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                answer = await answered(request)
            except GatewayError as error:
                answer = problem(error.status, error.code, error.title, error.detail, **error.extra)
            answer.headers.update(_OPEN)
            return answer

        return handler


router = APIRouter(
    prefix="/v1/sourcify/contracts/full_match/{chain_id}/{address}", tags=["chain"], route_class=ReadEverywhere
)
ChainId = Annotated[int, Path(ge=1, lt=2**53)]
Address = Annotated[str, Path(pattern="^0x[0-9a-fA-F]{40}$")]


@router.get("/metadata.json", response_class=Response)
def metadata(chain_id: ChainId, address: Address, services: TheServices) -> Response:
    """The compiler's metadata of a contract of ours, if the code on chain is that contract byte for byte."""
    found = _contract(services, chain_id, address)
    return Response(found.metadata, media_type="application/json")


@router.get("/sources/{file:path}", response_class=Response)
def source(
    chain_id: ChainId, address: Address, file: Annotated[str, Path(max_length=300)], services: TheServices
) -> Response:
    """One source file of such a contract, under its path in the metadata; `@` and `:` may be written as `_`."""
    found = sources_of(_contract(services, chain_id, address))
    text = next((text for path, text in found.items() if file in (path, _CHANGED.sub("_", path))), None)
    if text is None:
        raise NotFound("source_unknown", f"{address} was not built from {file}: its metadata.json names the files")
    return Response(text, media_type="text/plain; charset=utf-8")


def _contract(services: Services, chain_id: int, address: str) -> Artifact:
    found = contract_at(services.escrow.web3, address) if chain_id == services.escrow.chain_id else None
    if found is None:
        raise NotFound("contract_unknown", f"no contract of Piecework stands at {address} on chain {chain_id}")
    return found
