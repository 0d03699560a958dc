"""The floor: one event and one slot a worker, compiled with our own settings."""

from __future__ import annotations

import json
from typing import Any

from bench.gas.chain import ROOT, bench, key

REWARD_UNITS = 50_000
_CHUNK = 450


def compile_floor() -> tuple[Any, str]:
    """ABI and bytecode of `Floor.sol`."""
    import solcx

    settings = json.loads((ROOT / "hardhat.config.json").read_text())["solidity"]["settings"]
    source = (ROOT / "bench" / "gas" / "Floor.sol").read_text()
    request = {
        "language": "Solidity",
        "sources": {"Floor.sol": {"content": source}},
        "settings": {**settings, "outputSelection": {"*": {"*": ["abi", "evm.bytecode"]}}},
    }
    output = solcx.compile_standard(request, solc_binary=ROOT / "tools" / "solc")
    contract = output["contracts"]["Floor.sol"]["Floor"]
    return contract["abi"], "0x" + contract["evm"]["bytecode"]["object"]


def measure(tasks: int, workers: int, *, returning: bool) -> dict[str, int]:
    """Gas of paying `workers` once for `tasks` together."""
    abi, bytecode = compile_floor()
    with bench() as run:
        floor = run.create(abi, bytecode)
        payer = run.rich("relayer")
        people = [key(f"worker {number}").address for number in range(workers)]
        amount = REWARD_UNITS * (tasks // workers)
        for counted in (False, True) if returning else (True,):
            for start in range(0, workers, _CHUNK):
                entries = [int(person, 16) << 96 | amount for person in people[start : start + _CHUNK]]
                data = floor.encode_abi("pay", args=[entries])
                run.send(payer, floor.address, data, counted=counted)
        return {"gas": run.gas, "transactions": run.transactions, "tasks": tasks}
