"""The registry of qualifications under audit: clean, or what differs is named."""

from __future__ import annotations

from typing import Any

import pytest

from piecework.chain.credentials import Credentials
from piecework.chain.deploy import deploy_credentials
from piecework.chain.errors import ContractMissing
from scripts.audit import audit
from scripts.audit.report import Report
from scripts.terminal import progress_bars
from tests.backend.relay.market import Market
from tests.indexer.test_credentials import a_life
from tests.scripts.audit.auditing import checks, count_of
from tests.scripts.audit.servers import lying_node


@pytest.fixture
def registry(own_stack: Any) -> Credentials:
    """A registry with a life behind it, beside an escrow with one batch."""
    found = Credentials(own_stack.web3, deploy_credentials(own_stack.web3, own_stack.accounts["deployer"])[0])
    Market(own_stack).open_batch()
    a_life(own_stack, found)
    return found


def report_of(stack: Any, registry: Credentials, rpc_url: str | None = None) -> dict[str, Any]:
    report = Report()
    with progress_bars() as bars:
        facts = audit(
            rpc_url or stack.rpc_url, stack.escrow.address, None, 0, report, bars, credentials=registry.address
        )
    return report.as_json(**facts)


def test_credentials_agree_with_the_contract(own_stack: Any, registry: Credentials) -> None:
    report = report_of(own_stack, registry)
    assert report["differs"] == []
    assert checks(report, "unchecked") == {"files"}
    assert report["credentials_known"] == count_of(report, "view_credential") == 4
    for check in ("credential_level", "credential_held", "credential_refusal_follows", "credential_dropped"):
        assert count_of(report, check) > 0, check


def test_a_hidden_log_of_the_registry_is_named(own_stack: Any, registry: Credentials) -> None:
    def hide(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_getLogs" and params[0]["address"].lower() == registry.address.lower():
            return result[:-1]
        return result

    with lying_node(own_stack.rpc_url, hide) as url:
        report = report_of(own_stack, registry, url)
    assert {"hidden_logs", "view_credential"} <= checks(report, "differs")


def test_a_view_that_says_otherwise_is_named(own_stack: Any, registry: Credentials) -> None:
    """The planted bug: `credentialOf` shows every level one higher."""

    def flatter(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_call" and params[0]["to"].lower() == registry.address.lower() and len(result) == 2 + 64 * 5:
            return f"0x{int(result[2:66], 16) + 1:064x}{result[66:]}"
        return result

    with lying_node(own_stack.rpc_url, flatter) as url:
        report = report_of(own_stack, registry, url)
    assert checks(report, "differs") == {"view_credential"}


def test_an_address_that_is_no_registry_is_refused(own_stack: Any, registry: Credentials) -> None:
    with pytest.raises(ContractMissing, match="Credentials"):
        report_of(own_stack, Credentials(own_stack.web3, own_stack.token.address))
