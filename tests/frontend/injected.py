"""A wallet as an extension would inject it (EIP-6963), whose key lies in the test's own process."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from scripts.crowd.wallet import Node, Wallet
from tests.frontend.browser import Visitor
from tests.frontend.contract_wallet import ContractWallet

NAME = "Key in the test"
_REFUSED = {"code": 4001, "message": "User rejected the request."}
_ANNOUNCE = """
if (window === top) {
  const heard = {}
  const provider = {
    async request({ method, params }) {
      const { result, error, changed } = await window.testWallet(method, params ?? [])
      if (error) throw Object.assign(new Error(error.message), { code: error.code })
      if (changed) for (const hear of heard.chainChanged ?? []) hear(changed)
      return result
    },
    on(name, hear) { (heard[name] ??= new Set()).add(hear) },
    removeListener(name, hear) { heard[name]?.delete(hear) },
  }
  const info = { uuid: 'b1a7c7c0-6963-4aaa-8aaa-000000000001', name: 'Key in the test', rdns: 'example.test.key',
    icon: 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>' }
  const announce = () =>
    dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }))
  addEventListener('eip6963:requestProvider', announce)
  announce()
}
"""


class InjectedWallet:
    """Signs and sends what the page asks for, unless it is told to refuse; keeps what it was asked."""

    def __init__(self, visitor: Visitor, node: Node, *, chain_id: int, wallet: Wallet | None = None) -> None:
        self.wallet = wallet or Wallet()
        self.asked: list[str] = []
        """Methods that need the key; of typed data the message's kind."""
        self.refuses = False
        self._node = node
        self._chain_id = chain_id
        visitor.context.expose_binding("testWallet", lambda _, method, params: self._answer(method, params))
        visitor.context.add_init_script(_ANNOUNCE)

    @property
    def address(self) -> str:
        return self.wallet.address

    def _answer(self, method: str, params: list[Any]) -> dict[str, Any]:
        plain: dict[str, Callable[[], Any]] = {
            "eth_requestAccounts": lambda: [self.address],
            "eth_accounts": lambda: [self.address],
            "eth_chainId": lambda: hex(self._chain_id),
        }
        if method in plain:
            return {"result": plain[method]()}
        if method == "wallet_switchEthereumChain":
            if self.refuses:
                return {"error": _REFUSED}
            self._chain_id = int(params[0]["chainId"], 16)
            return {"result": None, "changed": hex(self._chain_id)}
        if method in ("personal_sign", "eth_signTypedData_v4", "eth_sendTransaction"):
            kind = json.loads(params[1])["primaryType"] if method == "eth_signTypedData_v4" else method
            self.asked.append(kind)
            return {"error": _REFUSED} if self.refuses else {"result": self._signed(method, params)}
        return {"result": self._node.call(method, *params)}

    def _signed(self, method: str, params: list[Any]) -> str:
        if method == "personal_sign":
            return self.wallet.sign_text(bytes.fromhex(params[0][2:]).decode())
        if method == "eth_signTypedData_v4":
            return self.wallet.sign_typed(json.loads(params[1]))
        wanted = params[0]
        if isinstance(self.wallet, ContractWallet):
            return str(self.wallet.execute(wanted["to"], wanted.get("data", "0x"))["transactionHash"])
        transaction = {
            "to": wanted["to"],
            "data": wanted.get("data", "0x"),
            "value": int(wanted.get("value", "0x0"), 16),
            "chain_id": self._chain_id,
        }
        return str(self._node.send(self.wallet, transaction)["transactionHash"])
