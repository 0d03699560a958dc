"""Settings of the gateway, from the environment (`PIECEWORK_…`)."""

from __future__ import annotations

import re
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.clients import networks
from backend.relay.assigner import parse_retired
from backend.sealing import parse_keys
from piecework.chain.anvil import DEVELOPMENT_CHAIN_IDS

_SAMPLES = ("changeme", "0x" + "00" * 32, "")


class GatewaySettings(BaseSettings):
    """Everything a gateway needs to know. Secrets have no default; amounts are token units, times seconds.

    The text under each setting is what `docs/gateway.md` says of it.
    """

    model_config = SettingsConfigDict(
        env_prefix="PIECEWORK_", extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    rpc_url: str = Field(repr=False)
    """JSON-RPC URL of the chain's node. May hold a provider's key, so it is not shown."""
    escrow_address: str
    """Address of the TaskEscrow that this gateway serves."""
    database_url: str = Field(repr=False)
    """`sqlite:///FILE` or `postgresql://...`; the same database as the indexer's. May hold a password."""
    payload_store: str = Field(repr=False)
    """`embedded:DIR`, a multiaddr, or a Kubo URL."""
    pinning_url: str | None = Field(default=None, repr=False)
    """A service of the IPFS Pinning Service API that keeps a second copy, such as `https://pins.example/psa`. The
    payload store must be a Kubo then: the service fetches from it."""
    pinning_token: SecretStr | None = None
    """The service's access token, better given in a file."""
    pinning_token_file: str | None = None
    """A file that holds the token, readable by the gateway alone."""
    public_url: str
    """Where people reach the gateway; sign-in messages must name its host."""
    relayer_key: SecretStr
    """Private key that spends gas, and nothing else."""
    assigner_key: SecretStr
    """Private key that hands out tasks, and nothing else. Another than the relayer's."""
    retired_assigner_keys: SecretStr | None = None
    """Assigner keys of before, with commas between: they go on signing for batches that name them."""
    default_reviewer: str | None = None
    """Reviewer that drafts name if the requester names none."""
    arbitrator: str
    """Arbitrator that drafts name; one of those fixed when the escrow was deployed. If it is an ArbitrationPanel, its
    jurors find their cases here."""
    credentials_address: str | None = None
    """The registry of qualifications, if the gateway serves one."""
    dispute_fee_units: int | None = Field(default=None, ge=0)
    """Of batches drafted here; the panel's own fee by default. A draft may name another."""
    operator_address: str | None = None
    """Receives the operator fee; the relayer's address by default."""
    operator_fee_basis_points: int = Field(default=0, ge=0, le=500)
    """Operator fee of each accepted assignment, in hundredths of a percent of the reward; at most 500."""
    pay_floor_units_per_hour: int = Field(default=3_000_000, ge=0)
    """Pay an hour below which a batch is refused at drafting; 0 for none. The default is three tokens of six decimals:
    set it to what is fair where your workers live."""
    chain_id: int | None = None
    """If given, a node of another chain is refused."""
    explorer_url: str | None = None
    """Block explorer with EIP-3091 paths (`.../tx/0x...`, `.../address/0x...`)."""
    expose_rpc_url: bool = False
    """Tell clients the node's URL; for development chains."""
    web_app_dir: str | None = None
    """Folder of the built web app; by default what `make web` writes in the clone."""
    session_lifetime_seconds: int = 86_400
    """Seconds that a sign-in lasts."""
    nonce_lifetime_seconds: int = 600
    """Seconds in which a sign-in nonce can be used."""
    idempotency_lifetime_seconds: int = Field(default=86_400, ge=60)
    """Seconds that the answer to an `Idempotency-Key` is kept."""
    packet_lifetime_seconds: int = 900
    """Seconds in which a drafted packet, ticket or withdrawal must reach the chain."""
    max_payload_bytes: int = 10_485_760
    """Bytes of one uploaded payload."""
    max_body_bytes: int = 67_108_864
    """Bytes of one request's body, where a batch, answers, verdicts, lists or files arrive."""
    max_small_body_bytes: int = 1_048_576
    """Bytes of one request's body everywhere else."""
    max_upload_bytes: int = Field(default=268_435_456, ge=1)
    """Bytes of tasks that one requester can have uploaded in parts at a time."""
    max_upload_bytes_in_all: int = Field(default=4_294_967_296, ge=1)
    """Bytes of all uploads together, a part counting 16 KiB at least. When they are full, what a batch was drafted from
    goes first, then the oldest upload of the network (IP address or /64) that holds the most."""
    upload_lifetime_seconds: int = Field(default=604_800, ge=60)
    """Seconds that a part of an upload is kept."""
    max_waiting_bytes_in_all: int = Field(default=4_294_967_296, ge=1)
    """Bytes of all unfunded drafts and of all files that nothing paid for names, a file counting 16 KiB at least. Half
    is for addresses with paid work, shared by address, half for all others, shared by network (IP address or /64); when
    a half is full, the oldest of the share that holds the most goes first."""
    waiting_lifetime_seconds: int = Field(default=604_800, ge=60)
    """Seconds that an unfunded draft is kept, from its last funding transaction that was asked for, and a file that
    nothing paid for names."""
    max_body_seconds: float = 60
    """Seconds in which a body must have arrived."""
    max_head_seconds: float = Field(default=20, gt=0)
    """Seconds in which a request's address and headers must have arrived, from the connection's or their first byte."""
    max_connections: int = Field(default=2_000, ge=10)
    """Connections that are open at a time. When all are, the network (IP address or /64) that holds the most gives one
    up that waits for its client, to those that hold fewer."""
    max_connections_per_network: int = Field(default=200, ge=0)
    """Of one IP address (IPv6: one /64) that is none of your proxies; 0 for no bound. One more is had for the one that
    has been idle the longest."""
    trusted_proxies: str = ""
    """Networks of your reverse proxies, such as `10.0.0.0/8, ::1`. From them alone `X-Forwarded-For` is believed."""
    rate_units_per_second_by_ip: float = Field(default=100, ge=0)
    """Rate at which one IP address (IPv6: one /64) may ask; 0 for no limit. A read costs 1 unit, a write 5, search 3,
    a sign-in 20, a draft 50, and each 100 tasks one more."""
    rate_burst_units_by_ip: float = Field(default=2_000, gt=0)
    """Units that an IP address can save up."""
    rate_units_per_second_by_address: float = Field(default=50, ge=0)
    """Rate at which one signed-in address may ask, from wherever; 0 for no limit."""
    rate_burst_units_by_address: float = Field(default=1_000, gt=0)
    """Units that a signed-in address can save up."""
    secrets_key: SecretStr | None = None
    """64 random hex digits that seal what the database keeps of webhooks' secrets; without it no webhooks are sent.
    After a comma older keys, which still open."""
    outbound_ports: str = "80,443,8080,8443"
    """Ports of requesters' URLs that the gateway asks."""
    outbound_allowed_networks: str = ""
    """Networks that are not public and may be asked all the same, such as `10.2.0.0/16`: for receivers of your own."""
    webhook_poll_seconds: float = 0.5
    """Seconds between looks for what webhooks are to be told."""
    sweep_minimum_units: int = 100_000
    """Token units that must be owed to an account before the gateway sweeps it."""
    withdrawal_minimum_units: int | None = Field(default=None, ge=0)
    """Token units that a signed withdrawal must bring to be relayed. With a price of the coin, all that is owed is
    relayed from what its gas costs. The default is what is swept at least, and 0 on a development chain."""
    faucet_limit_units: int = 1_000_000_000_000
    """Token units that the faucet gives at a time, on development chains only."""
    keeper_poll_seconds: float = 0.5
    """Seconds between looks for windows that are over and accounts to sweep."""
    proposer_poll_seconds: float = 0.5
    """Seconds between looks for batches that can be settled by their policy."""
    precheck_url: str | None = None
    """An OpenAI-compatible endpoint, as far as `/v1`, whose model notes beside answers what it thinks of them, in
    batches that ask for it."""
    precheck_model: str | None = None
    """Name of that model."""
    precheck_key: SecretStr | None = None
    """The endpoint's key, if it wants one."""
    precheck_key_file: str | None = None
    """A file that holds that key, instead."""
    precheck_timeout_seconds: float = Field(default=20, gt=0)
    """Seconds in which one note must have come."""
    precheck_poll_seconds: float = 2
    """Seconds between looks for answers that wait for a note."""
    review_warning_poll_seconds: float = 5
    """Seconds between looks for review windows that run out."""
    search_poll_seconds: float = 0.5
    """Seconds between looks for batches that search must take in, and for manifests that are not there yet."""
    signals_poll_seconds: float = 5
    """Seconds between looks for signs of cheating in batches that give out work."""
    live_poll_seconds: float = 0.25
    """Seconds between looks for what live streams are to be told."""
    live_heartbeat_seconds: float = 15
    """Seconds after which a silent live stream sends a comment."""
    live_stream_seconds: float = 3_600
    """Seconds after which a live stream ends; clients come back by themselves."""
    live_max_streams: int = 500
    """Live streams that are open at a time."""
    live_max_streams_per_client: int = 20
    """Of one IP address."""
    funding_lookback_blocks: int = Field(default=50_000, ge=0)
    """Blocks before a batch opened in which signals look for who funded its workers; 0 reads no transfers."""
    relay_gather_seconds: float = 0.1
    """Seconds that the relay waits for more packets to share a transaction."""
    coin_price_units: int | None = Field(default=None, ge=0)
    """Token units that one whole coin of the chain (10^18 wei) is worth. With it, work whose operator fee does not pay
    for its relaying is refused, at drafting and at claiming; without it gas has no price here."""
    relay_subsidy_units: int = Field(default=0, ge=0)
    """Token units that the operator adds to the fee of each assignment towards its relaying."""
    relay_packets_per_address: int = Field(default=200, ge=0)
    """Packets, settings and withdrawals of one address that bring no answers on chain and are paid for here; 0 for no
    limit."""
    relay_packets_per_worker_and_batch: int = Field(default=20, ge=0)
    """The same of one worker in one batch; 0 for no limit."""
    relay_packets_per_batch: int = Field(default=500, ge=0)
    """The same of one batch, on top of one for each assignment; a quarter of them only for workers with a record, and
    a quarter only for those whom its requester paid before; 0 for no limit."""
    relay_packets_of_settings: int = Field(default=2_000, ge=0)
    """Settings (sweeping, credentials) of all addresses together; half of them only for workers with a record; 0 for no
    limit."""
    relay_loss_wei: int | None = Field(default=None, ge=0)
    """Wei of gas that relaying may cost you beyond the fees of verdicts, for all addresses together; 0 for no bound.
    The default is a tenth of a coin, and no bound on a development chain."""
    relay_budget_seconds: int = Field(default=86_400, ge=1)
    """Seconds in which what was used up of these is free again, little by little."""
    relay_gas_limit: int = 12_000_000
    """Gas of one relay transaction at most."""

    @model_validator(mode="after")
    def _refuse_samples(self) -> Self:
        for name in ("relayer_key", "assigner_key"):
            value = getattr(self, name).get_secret_value()
            if value.strip().lower() in _SAMPLES or len(value.removeprefix("0x")) != 64:
                raise ValueError(f"PIECEWORK_{name.upper()} must be a private key of 64 hex digits")
        if self.relayer_key.get_secret_value() == self.assigner_key.get_secret_value():
            raise ValueError("PIECEWORK_RELAYER_KEY and PIECEWORK_ASSIGNER_KEY must be two keys")
        try:
            retired = self.retired_assigners
        except ValueError as error:
            raise ValueError(
                "PIECEWORK_RETIRED_ASSIGNER_KEYS must be keys of 64 hex digits, with commas between"
            ) from error
        if self.relayer_key.get_secret_value() in [key.get_secret_value() for key in retired]:
            raise ValueError("PIECEWORK_RETIRED_ASSIGNER_KEYS must not hold the relayer's key")
        for name in ("trusted_proxies", "outbound_allowed_networks"):
            try:
                networks(getattr(self, name))
            except ValueError as error:
                raise ValueError(
                    f"PIECEWORK_{name.upper()}: {error}; write networks such as 10.0.0.0/8, ::1"
                ) from error
        try:
            parse_keys(self.secrets_key.get_secret_value() if self.secrets_key else "")
        except ValueError as error:
            raise ValueError(
                "PIECEWORK_SECRETS_KEY must be keys of 64 random hex digits, with commas between"
            ) from error
        if (self.precheck_url is None) != (self.precheck_model is None):
            raise ValueError(
                "PIECEWORK_PRECHECK_URL and PIECEWORK_PRECHECK_MODEL belong together: set both, or neither"
            )
        if self.precheck_key is not None and self.precheck_key_file is not None:
            raise ValueError("set PIECEWORK_PRECHECK_KEY or PIECEWORK_PRECHECK_KEY_FILE, not both")
        if not re.fullmatch(r"\d{1,5}(,\s*\d{1,5})*", self.outbound_ports):
            raise ValueError("PIECEWORK_OUTBOUND_PORTS must be port numbers with commas between")
        if not urlsplit(self.public_url).netloc:
            raise ValueError("PIECEWORK_PUBLIC_URL must be a URL such as https://work.example")
        return self

    @property
    def retired_assigners(self) -> list[SecretStr]:
        return parse_retired(self.retired_assigner_keys.get_secret_value() if self.retired_assigner_keys else "")

    @property
    def public_host(self) -> str:
        """Host and port as sign-in messages name them."""
        return urlsplit(self.public_url).netloc

    def is_development(self, chain_id: int) -> bool:
        """Whether the chain is one whose money is worth nothing."""
        return chain_id in DEVELOPMENT_CHAIN_IDS
