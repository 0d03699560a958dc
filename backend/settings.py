"""Settings of the gateway, from the environment (`PIECEWORK_…`) or a file named by the operator."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from piecework.chain.anvil import DEVELOPMENT_CHAIN_IDS

_SAMPLES = ("changeme", "0x" + "00" * 32, "")


class GatewaySettings(BaseSettings):
    """Everything a gateway needs to know. Secrets have no default; amounts are token units, times seconds."""

    model_config = SettingsConfigDict(env_prefix="PIECEWORK_", extra="ignore", hide_input_in_errors=True)

    rpc_url: str = Field(repr=False)
    """May hold a provider's key, so it is not shown."""
    escrow_address: str
    database_url: str = Field(repr=False)
    """May hold a password."""
    payload_store: str = Field(repr=False)
    """`embedded:DIR`, a multiaddr, or a Kubo URL."""
    public_url: str
    """Where people reach the gateway; sign-in messages must name its host."""
    relayer_key: SecretStr
    """Spends gas, and nothing else."""
    assigner_key: SecretStr
    """Hands out tasks, and nothing else."""
    default_reviewer: str | None = None
    """Reviewer that drafts name if the requester names none."""
    arbitrator: str
    operator_address: str | None = None
    """Receives the operator fee; the relayer's address by default."""
    operator_fee_basis_points: int = Field(default=0, ge=0, le=500)
    chain_id: int | None = None
    """If given, a node of another chain is refused."""
    explorer_url: str | None = None
    """Block explorer with EIP-3091 paths (…/tx/0x…, …/address/0x…)."""
    expose_rpc_url: bool = False
    """Tell clients the node's URL; on development chains."""
    session_lifetime_seconds: int = 86_400
    nonce_lifetime_seconds: int = 600
    packet_lifetime_seconds: int = 900
    max_payload_bytes: int = 10_485_760
    max_body_bytes: int = 67_108_864
    sweep_minimum_units: int = 100_000
    faucet_limit_units: int = 1_000_000_000_000
    keeper_poll_seconds: float = 0.5
    proposer_poll_seconds: float = 0.5
    relay_gather_seconds: float = 0.1
    relay_gas_limit: int = 12_000_000

    @model_validator(mode="after")
    def _refuse_samples(self) -> Self:
        for name in ("relayer_key", "assigner_key"):
            value = getattr(self, name).get_secret_value()
            if value.strip().lower() in _SAMPLES or len(value.removeprefix("0x")) != 64:
                raise ValueError(f"PIECEWORK_{name.upper()} must be a private key of 64 hex digits")
        if self.relayer_key.get_secret_value() == self.assigner_key.get_secret_value():
            raise ValueError("PIECEWORK_RELAYER_KEY and PIECEWORK_ASSIGNER_KEY must be two keys")
        if not urlsplit(self.public_url).netloc:
            raise ValueError("PIECEWORK_PUBLIC_URL must be a URL such as https://work.example")
        return self

    @property
    def public_host(self) -> str:
        """Host and port as sign-in messages name them."""
        return urlsplit(self.public_url).netloc

    def is_development(self, chain_id: int) -> bool:
        """Whether the chain is one whose money is worth nothing."""
        return chain_id in DEVELOPMENT_CHAIN_IDS
