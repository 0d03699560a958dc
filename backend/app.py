"""The gateway, put together in one place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio.to_thread
from fastapi import FastAPI
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from backend import describing, errors, health
from backend.accounts.routes import router as accounts
from backend.audit.routes import router as audit
from backend.batches.routes import router as batches
from backend.bonuses.routes import router as bonuses
from backend.chain.routes import router as chain
from backend.chain.sourcify import router as sourcify
from backend.clients import RealClient, networks
from backend.disputes.routes import router as disputes
from backend.draws.drawing import Drawer
from backend.draws.routes import router as draws
from backend.exports.routes import router as exports
from backend.headers import SafeHeaders
from backend.ipfs.factory import open_copied
from backend.ipfs.pinning import open_service
from backend.limits import BodyLimit
from backend.live.hub import Hub
from backend.live.routes import router as live
from backend.live.seats import Seats
from backend.matching.routes import router as matching
from backend.notices.routes import router as notices
from backend.payloads.routes import router as payloads
from backend.payments.routes import router as payments
from backend.prechecks.checking import PreChecker
from backend.predictions.routes import router as predictions
from backend.qualifications.routes import router as qualifications
from backend.rates import RateLimit
from backend.receipts.routes import router as receipts
from backend.relay.assigner import Assigner
from backend.relay.losses import Losses
from backend.relay.outbox import Outbox
from backend.relay.sender import Sender
from backend.relay.service import Relay
from backend.relay.signing import address_of
from backend.reports.routes import router as reports
from backend.reviewers.routes import router as reviewers
from backend.reviews.proposer import Proposer
from backend.reviews.routes import router as reviews
from backend.reviews.warning import Herald
from backend.revisions.routes import router as revisions
from backend.search.routes import router as search
from backend.search.upkeep import Upkeep
from backend.services import ChainClock, Services, TokenInfo
from backend.settings import GatewaySettings
from backend.signals.lookout import Lookout
from backend.signals.routes import router as signals
from backend.talk.routes import router as talk
from backend.task_types.routes import router as task_types
from backend.uploads.routes import router as uploads
from backend.waiting.keeping import Storekeeper
from backend.waiting.store import WaitingStore
from backend.web import routes as web
from backend.webhooks.dispatcher import Dispatcher
from backend.webhooks.routes import router as webhooks
from backend.work.freeing import Releaser
from backend.work.routes import router as work
from piecework import __version__
from piecework.chain.client import connect
from piecework.chain.credentials import Credentials
from piecework.chain.errors import ContractMissing, NodeUnreachable
from piecework.chain.escrow import Escrow
from piecework.chain.panel import ArbitrationPanel
from piecework.chain.token import Token
from piecework.db.engine import open_engine, upgrade
from piecework.db.mirror import Checkpoint
from piecework.domain.ids import parse_address

if TYPE_CHECKING:
    from web3 import Web3

THREADS = 24
"""That answer at the same time. With more of them, who holds the write lock waits for the interpreter behind all who
read: with 100 a crowd of 400 handed in 40 answers a second, with 40 61, with 12 66."""


def create_app(settings: GatewaySettings) -> FastAPI:
    """Builds every part and checks that they fit together.

    Raises NodeUnreachable, WrongChainId, ContractMissing or ValueError with what to change.
    """
    from requests import RequestException

    try:
        return _created(settings)
    except RequestException as error:  # the node answered once, and then no more
        raise NodeUnreachable(settings.rpc_url, type(error).__name__) from error


def _created(settings: GatewaySettings) -> FastAPI:
    web3 = connect(settings.rpc_url, chain_id=settings.chain_id)
    escrow = Escrow(web3, checked_address("escrow_address", settings.escrow_address))
    escrow.check()
    if not escrow.is_arbitrator(checked_address("arbitrator", settings.arbitrator)):
        raise ContractMissing(settings.arbitrator, "arbitrator of this escrow", "it is not listed")
    panel = ArbitrationPanel(web3, settings.arbitrator)
    credentials = _credentials(web3, settings)
    token = Token(web3, escrow.token_address())
    engine = open_engine(settings.database_url)
    upgrade(engine)
    refuse_foreign_mirror(engine, escrow, credentials)
    outbox = Outbox()
    losses = Losses(settings, escrow, settings.operator_address or address_of(settings.relayer_key))
    sender = Sender(engine, escrow, token, settings.relayer_key, gas_limit=settings.relay_gas_limit, losses=losses)
    service = open_service(settings.pinning_url, settings.pinning_token, settings.pinning_token_file)
    store, copies = open_copied(settings.payload_store, service)
    services = Services(
        settings=settings,
        engine=engine,
        escrow=escrow,
        token=token,
        token_info=TokenInfo(token.address, token.name, token.symbol, token.decimals, token.version),
        store=WaitingStore(store, engine),
        copies=copies,
        assigner=Assigner(settings.assigner_key, settings.retired_assigners),
        outbox=outbox,
        clock=ChainClock(escrow.pending_timestamp),
        relayer_address=sender.address,
        arbitration_panel=panel if panel.answers() else None,
        credentials=credentials,
        gas_price=losses.gas_price,
        losses=losses,
    )
    services.catalog.prepare()
    return assemble(services, Relay(services, sender, outbox), Proposer(services))


def checked_address(name: str, text: str) -> str:
    """Raises ValueError with the setting's name."""
    try:
        return parse_address(text)
    except ValueError as error:
        raise ValueError(f"PIECEWORK_{name.upper()}: {error}") from error


def _credentials(web3: Web3, settings: GatewaySettings) -> Credentials | None:
    if not settings.credentials_address:
        return None
    registry = Credentials(web3, checked_address("credentials_address", settings.credentials_address))
    registry.check()
    return registry


def refuse_foreign_mirror(engine: Engine, escrow: Escrow, credentials: Credentials | None = None) -> None:
    """Raises ValueError if the database mirrors another escrow, another chain, or another run of a chain; or if it does
    not mirror the registry of qualifications that the gateway is to serve.
    """
    with Session(engine) as session:
        points = session.execute(select(Checkpoint)).scalars().all()
    for point in points:
        genesis = "0x" + bytes(escrow.web3.eth.get_block(0)["hash"]).hex()
        found = (point.contract, point.chain_id, point.genesis_hash)
        if found != (escrow.address, escrow.chain_id, genesis):
            raise ValueError(
                f"the database mirrors escrow {point.contract} on chain {point.chain_id} "
                f"(genesis {point.genesis_hash}), not {escrow.address} on chain {escrow.chain_id}: "
                "set PIECEWORK_DATABASE_URL to one of its own"
            )
        if credentials is not None and point.credentials != credentials.address:
            raise ValueError(
                f"the database mirrors the registry {point.credentials}, not {credentials.address}: "
                "index it with --credentials of the same address, or set PIECEWORK_CREDENTIALS_ADDRESS to that"
            )


def assemble(services: Services, relay: Relay, proposer: Proposer) -> FastAPI:
    """The HTTP application over parts that are built already."""

    upkeep, lookout, hub, dispatcher = Upkeep(services), Lookout(services), Hub(services), Dispatcher(services)
    herald, drawer, prechecker = Herald(services), Drawer(services), PreChecker(services)
    releaser, storekeeper = Releaser(services), Storekeeper(services)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        relay.start()
        proposer.start()
        upkeep.start()
        if services.copies is not None:
            services.copies.start()
        dispatcher.start()
        lookout.start()
        herald.start()
        drawer.start()
        prechecker.start()
        releaser.start()
        storekeeper.start()
        following = asyncio.create_task(hub.run())
        try:
            yield
        finally:
            hub.close()
            following.cancel()
            storekeeper.stop()
            releaser.stop()
            prechecker.stop()
            drawer.stop()
            herald.stop()
            lookout.stop()
            dispatcher.stop()
            upkeep.stop()
            if services.copies is not None:
                services.copies.stop()
            proposer.stop()
            relay.stop()

    app = FastAPI(
        title="Piecework gateway",
        version=__version__,
        description="Micro-tasks funded, done, reviewed and paid on chain. Errors are problem+json.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=errors.REFUSALS,
        generate_unique_id_function=lambda route: f"{route.tags[0]}_{route.name}" if route.tags else route.name,
    )
    app.state.services, app.state.hub = services, hub
    app.state.seats = Seats(services.settings.live_max_streams, services.settings.live_max_streams_per_client)
    errors.install(app)
    describing.install(app)
    guard(app, services)
    for router in (
        health.router,
        chain,
        sourcify,
        accounts,
        payloads,
        search,
        audit,
        predictions,
        signals,
        task_types,
        batches,
        bonuses,
        exports,
        matching,
        work,
        reviewers,
        reviews,
        revisions,
        draws,
        reports,
        disputes,
        qualifications,
        payments,
        receipts,
        live,
        notices,
        talk,
        webhooks,
        uploads,
    ):
        app.include_router(router)
    web.install(app, services)
    return app


def guard(app: FastAPI, services: Services) -> None:
    """What every request passes before anything is parsed; the last that is added is the first that is passed."""
    settings = services.settings
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.max_body_bytes,
        max_small_bytes=settings.max_small_body_bytes,
        max_seconds=settings.max_body_seconds,
    )
    app.add_middleware(RateLimit, buckets=services.rates.by_ip)
    app.add_middleware(RealClient, trusted=networks(settings.trusted_proxies))
    app.add_middleware(SafeHeaders, is_tls=settings.public_url.startswith("https://"))
