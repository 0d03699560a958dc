"""The nearest peer, HUMAN Protocol, from the artifacts of its own npm package, on the same chain.

Counted: creating, funding and setting up one escrow, storing intermediate results (which reserves the money), and the
bulk payouts; one payment a worker. Not counted: deployment, staking, the oracles' fee entries, approval. It has neither
claims on chain nor disputes nor records of workers, so it does less than ours in every row.
"""

from __future__ import annotations

import json
from typing import Any

from bench.gas.chain import ROOT, Bench, bench, key

PEER = ROOT / "bench" / "gas" / "peer" / "node_modules" / "@human-protocol" / "core"
REWARD_UNITS = 50_000
_MAX_RECIPIENTS = 100
"""What its escrow allows in one payout."""
_URL = "https://example.org/results/0123456789abcdef0123456789abcdef"
_HASH = "0123456789abcdef0123456789abcdef01234567"


def version() -> str | None:
    """The installed package's version; None if `make bench-gas` did not install it."""
    file = PEER / "package.json"
    return str(json.loads(file.read_text())["version"]) if file.is_file() else None


def measure(tasks: int, workers: int, *, returning: bool) -> dict[str, int]:
    """Gas of one job that pays `workers` once for `tasks` together."""
    with bench() as run:
        token, factory = _deploy(run)
        payer = run.rich("requester")
        run.send(run.deployer, token.address, token.encode_abi("transfer", args=[payer.address, 10**15]))
        run.send(payer, token.address, token.encode_abi("approve", args=[factory.address, 10**15]))
        people = [key(f"worker {number}").address for number in range(workers)]
        _job(run, payer, token, factory, [key("somebody").address], REWARD_UNITS, counted=False)
        if returning:
            _job(run, payer, token, factory, people, REWARD_UNITS, counted=False)
        _job(run, payer, token, factory, people, REWARD_UNITS * (tasks // workers), counted=True)
        return {"gas": run.gas, "transactions": run.transactions, "tasks": tasks}


def _deploy(run: Bench) -> tuple[Any, Any]:
    """Token and factory, with the payer staked and the three oracles' fees (5 % together, as ours) entered."""
    token = run.create(*_artifact("HMToken"), 10**27, "Bench Token", 6, "BT")
    staking = run.create(*_artifact("Staking"), token.address, 1, 1, 1)
    store = run.create(*_artifact("KVStore"))
    implementation = run.create(*_artifact("EscrowFactory"))
    start = implementation.encode_abi("initialize", args=[staking.address, 1, store.address])
    proxy_abi, proxy_code = _read("@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol/ERC1967Proxy.json")
    proxy = run.create(proxy_abi, proxy_code, implementation.address, start)
    factory = run.web3.eth.contract(address=proxy.address, abi=implementation.abi)
    payer = run.rich("requester")
    run.send(run.deployer, token.address, token.encode_abi("transfer", args=[payer.address, 10]))
    run.send(payer, token.address, token.encode_abi("approve", args=[staking.address, 10]))
    run.send(payer, staking.address, staking.encode_abi("stake", args=[10]))
    for name, percent in (("reputation oracle", "3"), ("recording oracle", "1"), ("exchange oracle", "1")):
        oracle = run.rich(name)
        run.send(oracle, store.address, store.encode_abi("set", args=["fee", percent]))
    return token, factory


def _job(run: Bench, payer: Any, token: Any, factory: Any, people: list[str], amount: int, *, counted: bool) -> None:
    reputation, recording, exchange = (key(f"{name} oracle") for name in ("reputation", "recording", "exchange"))
    total = amount * len(people)
    oracles = (reputation.address, recording.address, exchange.address)
    arguments = (token.address, total, "job", *oracles, _URL, _HASH)
    data = factory.encode_abi("createFundAndSetupEscrow", args=list(arguments))
    run.send(payer, factory.address, data, counted=counted)
    escrow = run.web3.eth.contract(address=factory.functions.lastEscrow().call(), abi=_artifact("Escrow")[0])
    data = escrow.encode_abi("storeResults(string,string,uint256)", args=[_URL, _HASH, total])
    run.send(recording, escrow.address, data, counted=counted)
    for start in range(0, len(people), _MAX_RECIPIENTS):
        part = people[start : start + _MAX_RECIPIENTS]
        last = start + _MAX_RECIPIENTS >= len(people)
        signature = "bulkPayOut(address[],uint256[],string,string,string,bool)"
        arguments = (part, [amount] * len(part), _URL, _HASH, f"payout {start}", last)
        run.send(reputation, escrow.address, escrow.encode_abi(signature, args=list(arguments)), counted=counted)


def _artifact(name: str) -> tuple[Any, str]:
    return _read(f"contracts/{name}.sol/{name}.json")


def _read(path: str) -> tuple[Any, str]:
    raw = json.loads((PEER / "artifacts" / path).read_text())
    return raw["abi"], raw["bytecode"]
