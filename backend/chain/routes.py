"""Chain facts: the web app and other clients ask here for addresses, domain and bounds."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select

from backend.dependencies import TheServices
from backend.pay.relaying import relaying_of
from backend.schemas import UnitsText
from backend.services import Services
from piecework.db.mirror import Checkpoint

router = APIRouter(prefix="/v1", tags=["chain"])


class TokenView(BaseModel):
    address: str
    name: str
    symbol: str
    decimals: int


class PanelView(BaseModel):
    address: str
    members: list[str]
    threshold: int


class ArbitrationView(BaseModel):
    """The gateway's arbitrator as a panel: who its jurors are and the smallest dispute fee that it rules for."""

    address: str
    jurors: list[str]
    threshold: int
    fee_units: UnitsText


class RelayView(BaseModel):
    """Packets without answers that the gateway pays for; 0: any number. What is used up is free again after
    `refill_seconds`. A batch has one more for each of its assignments."""

    loss_wei: UnitsText
    """Gas money beyond the fees of verdicts that is out for everybody together at most; 0: any."""

    packets_per_address: int
    packets_per_worker_and_batch: int
    packets_per_batch: int
    settings_of_all: int
    refill_seconds: int
    coin_price_units: UnitsText | None
    """Token units of one coin of the chain; with it, work must pay for its relaying."""
    subsidy_units: UnitsText
    """The operator's, added to each assignment's fee."""
    claim_units: UnitsText
    """What relaying one worker's claim, answers and verdict costs now."""


class ChainView(BaseModel):
    chain_id: int
    rpc_url: str | None
    escrow: str
    token: TokenView
    domain: dict[str, Any]
    arbitrator: str
    arbitration: ArbitrationView | None
    credentials: str | None
    default_reviewer: PanelView | None
    assigner: str
    relayer: str
    operator: str
    operator_fee_basis_points: int
    pay_floor_units_per_hour: UnitsText
    """A draft that pays less an hour is refused."""
    sweep_minimum_units: UnitsText
    """Below this an account is not swept."""
    withdrawal_minimum_units: UnitsText
    """Below this a signed withdrawal is not relayed; the account's own transaction takes any amount."""
    pre_check_model: str | None
    """Whose notes a batch can ask for (`pre_check`); None if the operator has set none."""
    relay: RelayView
    explorer_url: str | None
    development: bool
    block_timestamp: int
    indexed_block: int


@router.get("/chain")
def chain(services: TheServices) -> ChainView:
    """Addresses, EIP-712 domain, and how far the mirror is."""
    settings, info = services.settings, services.token_info
    panel = None
    if settings.default_reviewer:
        members, threshold = services.escrow.panel(settings.default_reviewer) or ([settings.default_reviewer], 1)
        panel = PanelView(address=settings.default_reviewer, members=members, threshold=threshold)
    with services.reading() as session:
        point = session.execute(select(Checkpoint)).scalar_one_or_none()
    return ChainView(
        chain_id=services.escrow.chain_id,
        rpc_url=settings.rpc_url if settings.expose_rpc_url else None,
        escrow=services.escrow.address,
        token=TokenView(address=info.address, name=info.name, symbol=info.symbol, decimals=info.decimals),
        domain=services.escrow.domain.as_dict(),
        arbitrator=settings.arbitrator,
        arbitration=_arbitration(services),
        credentials=services.credentials.address if services.credentials else None,
        default_reviewer=panel,
        assigner=services.assigner.address,
        relayer=services.relayer_address,
        operator=services.operator_address,
        operator_fee_basis_points=settings.operator_fee_basis_points,
        pay_floor_units_per_hour=settings.pay_floor_units_per_hour,
        sweep_minimum_units=settings.sweep_minimum_units,
        pre_check_model=settings.precheck_model,
        withdrawal_minimum_units=services.withdrawal_minimum_units,
        relay=RelayView(
            loss_wei=services.losses.bound.most_wei,
            packets_per_address=settings.relay_packets_per_address,
            packets_per_worker_and_batch=settings.relay_packets_per_worker_and_batch,
            packets_per_batch=settings.relay_packets_per_batch,
            settings_of_all=settings.relay_packets_of_settings,
            refill_seconds=settings.relay_budget_seconds,
            coin_price_units=settings.coin_price_units,
            subsidy_units=settings.relay_subsidy_units,
            claim_units=relaying_of(services, 0).cost_units,
        ),
        explorer_url=settings.explorer_url,
        development=services.is_development,
        block_timestamp=services.clock.now(),
        indexed_block=point.block_number if point else 0,
    )


@router.get("/chain/abi")
def abi(services: TheServices) -> list[dict[str, Any]]:
    """The escrow's ABI, for clients that read its logs themselves."""
    return [dict(item) for item in services.escrow.contract.abi]


def _arbitration(services: Services) -> ArbitrationView | None:
    panel = services.arbitration_panel
    if panel is None:
        return None
    return ArbitrationView(
        address=panel.address, jurors=list(panel.jurors()), threshold=panel.threshold(), fee_units=panel.fee_units()
    )
