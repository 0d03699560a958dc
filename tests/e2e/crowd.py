"""People on a running stack, for tests that want a batch done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from scripts.crowd import reviewer, worker
from scripts.crowd.api import Api
from scripts.crowd.wallet import Wallet
from tests.e2e.running import Up


def key_of(up: Up, name: str) -> str:
    return next(str(account["private_key"]) for account in up.facts["accounts"] if account["name"] == name)


class Crowd:
    """Three workers who know the answers and two reviewers, on every batch that opens, until told to stop."""

    def __init__(self, up: Up, answer: Callable[[Any], Any]) -> None:
        self.answer = answer
        self.url = up.facts["gateway_url"]
        self.reviewers = [self.signed_in(key_of(up, f"reviewer{number}")) for number in (1, 2)]
        self.stopped = threading.Event()
        self.failures: list[BaseException] = []
        self.thread = threading.Thread(target=self.live)

    def signed_in(self, key: str | None = None) -> Api:
        api = Api(self.url, Wallet(key))
        api.sign_in(api.get("/v1/chain"))
        return api

    def __enter__(self) -> Crowd:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.thread.join()
        for api in self.reviewers:
            api.close()
        assert self.failures == []

    def live(self) -> None:
        workers = [self.signed_in() for _ in range(3)]
        try:
            while not self.stopped.wait(0.1):
                for item in list(workers[0].items("/v1/batches", status="open")):
                    for api in workers:
                        worker.work_any(api, item["batch_id"], 10, lambda _, task: self.answer(task), print)
                for api in self.reviewers:
                    reviewer.review_once(api)
        except Exception as error:
            self.failures.append(error)
        finally:
            for api in workers:
                api.close()
