"""Our contracts' sources in a Sourcify repository's layout: a full match for our code, and for nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from eth_utils.crypto import keccak

ROOT = "/v1/sourcify/contracts/full_match"


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def ipfs_multihash(data: bytes) -> bytes:
    """As the compiler puts it at the end of the code: a UnixFS file of one block."""
    file = b"\x08\x02\x12" + varint(len(data)) + data + b"\x18" + varint(len(data))
    return b"\x12\x20" + hashlib.sha256(b"\x0a" + varint(len(file)) + file).digest()


@pytest.mark.parametrize("name", ["escrow", "token"])
def test_the_metadata_is_the_one_whose_hash_the_code_names_and_every_source_is_there(house: Any, name: str) -> None:
    stack = house.stack
    address = getattr(stack, name).address
    place = f"{ROOT}/{house.services.escrow.chain_id}/{address}"

    answer = house.client.get(f"{place}/metadata.json")

    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    assert ipfs_multihash(answer.content) in bytes(stack.web3.eth.get_code(address))
    for path, told in answer.json()["sources"].items():
        for asked in {path, path.replace("@", "_")}:
            source = house.client.get(f"{place}/sources/{asked}")
            assert "0x" + keccak(source.content).hex() == told["keccak256"], asked


def test_code_that_differs_by_a_byte_another_chain_and_a_strange_file_are_not_found(house: Any) -> None:
    """The planted bug: the escrow's code with one sign of its arithmetic turned round."""
    web3, chain_id = house.stack.web3, house.services.escrow.chain_id
    code = bytearray(web3.eth.get_code(house.stack.escrow.address))
    same, other = house.wallet().address, house.wallet().address
    web3.provider.make_request("anvil_setCode", [same, "0x" + code.hex()])
    code[1_000] ^= 1
    web3.provider.make_request("anvil_setCode", [other, "0x" + code.hex()])

    def found(*parts: object) -> tuple[int, str | None]:
        answer = house.client.get("/".join((ROOT, *map(str, parts))))
        assert answer.status_code == 422 or answer.headers["access-control-allow-origin"] == "*"
        told = json.loads(answer.content) if answer.status_code != 200 else {}
        return answer.status_code, told.get("code")

    assert found(chain_id, same, "metadata.json") == (200, None)
    assert found(chain_id, other, "metadata.json") == (404, "contract_unknown")
    assert found(chain_id + 1, same, "metadata.json") == (404, "contract_unknown")
    assert found(chain_id, house.wallet().address, "metadata.json") == (404, "contract_unknown")
    assert found(chain_id, same, "sources/contracts/Nothing.sol") == (404, "source_unknown")
    assert found(chain_id, same, "sources/..%2f..%2fsettings.py") == (404, "source_unknown")
    assert found(chain_id, "0x12", "metadata.json")[0] == 422
