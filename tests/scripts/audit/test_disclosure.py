"""Sealed known answers are checked by who has the key, and no false key, file or answer comes out clean."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backend.reviews import inference, policy
from piecework.domain.disclosure import key_digest, new_key, seal
from scripts.audit import audit
from scripts.audit.disclosure import ENVIRONMENT, read_keys
from scripts.audit.report import Report
from scripts.terminal import progress_bars
from tests.scripts.audit.auditing import checks, count_of
from tests.scripts.audit.pinned import GOLD, TASKS, PinnedMarket

KEY = "0x" + "5a" * 32
OTHER = "0x" + "a5" * 32


@pytest.fixture
def sealed(pinned: PinnedMarket) -> PinnedMarket:
    """A market whose known answers are under seal while its results stand."""
    pinned.disclosure_key, pinned.is_revealed, pinned.policy = KEY, False, inference.NAME
    return pinned


def report_of(pinned: PinnedMarket, payloads: str | None, *keys: str) -> dict[str, Any]:
    stack, report = pinned.market.stack, Report()
    given = [(f"line {number}", key) for number, key in enumerate(keys, start=1)]
    with progress_bars() as bars:
        wish = {"labels_only": True, "disclosure_keys": given}
        facts = audit(stack.rpc_url, stack.escrow.address, payloads, 0, report, bars, **wish)  # type: ignore[arg-type]
    found = report.as_json(**facts)
    assert not any(key[2:] in json.dumps(found).lower() for key in keys), "an audit repeats no key"
    return found


@pytest.mark.parametrize("followed", [inference.NAME, policy.NAME])
def test_without_the_key_sealed_batches_are_not_called_clean_and_with_it_they_are(
    sealed: PinnedMarket, payloads: str, followed: str
) -> None:
    sealed.policy, sealed.max_share = followed, 0.5
    sealed.run()

    without, with_key = report_of(sealed, payloads), report_of(sealed, payloads, KEY)

    assert (without["exit_code"], without["differs"]) == (2, [])
    assert checks(without, "unchecked") >= {"gold_exposure"}
    assert all("sealed" in item["why"] for item in without["unchecked"])
    assert (with_key["exit_code"], with_key["differs"], with_key["unchecked"]) == (0, [], [])
    assert count_of(with_key, "decisions_recomputed") == 3 * len(TASKS)
    assert count_of(with_key, "gold_exposure") == 3
    assert count_of(with_key, "gold_under_seal") == 1


def test_with_the_key_a_wrong_verdict_in_a_sealed_batch_is_named(sealed: PinnedMarket, payloads: str) -> None:
    def spare_nobody(results: dict[str, Any]) -> None:
        next(item for item in results["decisions"] if item["decision"] == "rejected")["reason"] = "a low score"

    sealed.run(spare_nobody)

    assert report_of(sealed, payloads)["exit_code"] == 2, "nobody sees it without the key"
    report = report_of(sealed, payloads, KEY)
    assert (report["exit_code"], checks(report, "differs")) == (1, {"decisions_recomputed"})


def test_a_wrong_key_is_a_finding(sealed: PinnedMarket, payloads: str) -> None:
    sealed.run()

    report = report_of(sealed, payloads, KEY, OTHER)

    assert report["exit_code"] == 1
    (item,) = report["differs"]
    assert (item["check"], item["subject"]) == ("disclosure_key", "line 2")
    assert "no manifest of this escrow names this key" in item["found"]


def test_a_key_whose_manifest_cannot_be_had_is_not_checked(sealed: PinnedMarket, payloads: str) -> None:
    sealed.run()
    name = b'"piecework/manifest/1"'
    del sealed.files.blocks[next(cid for cid, data in sealed.files.blocks.items() if name in data)]

    report = report_of(sealed, payloads, KEY)

    assert (report["exit_code"], report["differs"]) == (2, [])
    assert "disclosure_key" in checks(report, "unchecked")


def test_a_sealed_file_that_is_gone_is_not_checked_and_a_changed_one_differs(
    sealed: PinnedMarket, payloads: str
) -> None:
    sealed.run()
    name = b'"piecework/sealed-gold/1"'
    cid, data = next((cid, data) for cid, data in sealed.files.blocks.items() if name in data)

    sealed.files.blocks[cid] = data.replace(b'"algorithm":"A', b'"algorithm":"B')
    assert checks(changed := report_of(sealed, payloads, KEY), "differs") == {"sealed-gold_file"}
    assert changed["exit_code"] == 1
    del sealed.files.blocks[cid]
    gone = report_of(sealed, payloads, KEY)
    assert (gone["exit_code"], gone["differs"]) == (2, [])
    assert {"sealed-gold_file", "labels_recomputed"} <= checks(gone, "unchecked")


def other_key(gold: dict[str, Any], root: str, _: str) -> dict[str, Any]:
    return seal(gold, root, OTHER)


def other_answers(gold: dict[str, Any], root: str, key: str) -> dict[str, Any]:
    """A gateway that wants to look honest to who has the key."""
    return seal(gold | {"answers": GOLD | {"task-2": "no"}}, root, key)


def tampered(gold: dict[str, Any], root: str, key: str) -> dict[str, Any]:
    document = seal(gold, root, key)
    data = bytearray(base64.b64decode(document["ciphertext"]))
    data[7] ^= 1
    return document | {"ciphertext": base64.b64encode(data).decode()}


@pytest.mark.parametrize(
    ("fraud", "told"),
    [(other_key, "does not open"), (other_answers, "the manifest commits to"), (tampered, "does not open")],
)
def test_a_gateway_that_sealed_something_else_is_found_out(
    sealed: PinnedMarket, payloads: str, fraud: Any, told: str
) -> None:
    sealed.sealed = fraud
    sealed.run()

    report = report_of(sealed, payloads, KEY)

    assert report["exit_code"] == 1
    (item,) = report["differs"]
    assert item["check"] == "gold_under_seal"
    assert told in item["found"]


@pytest.mark.parametrize("key", [KEY, None])
def test_revealed_and_older_manifests_are_clean_as_before(sealed: PinnedMarket, payloads: str, key: str | None) -> None:
    """The second is a manifest from before there were sealed files: its key is nobody's."""
    sealed.disclosure_key, sealed.is_revealed = key, True
    sealed.run()

    report = report_of(sealed, payloads, *([key] if key else []))

    assert (report["exit_code"], report["differs"], report["unchecked"]) == (0, [], [])
    assert count_of(report, "gold_under_seal") == (1 if key else 0)


def test_keys_are_read_from_a_file_and_the_environment_and_never_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# of the first batch\n{KEY}\n\n  {KEY[:2]}{KEY[2:].upper()}  # again\n")
    monkeypatch.setenv(ENVIRONMENT, OTHER)

    assert [key for _, key in read_keys(path)] == [KEY, KEY, OTHER]
    for content, told in ((f"{KEY}x", "line 1"), ("# nothing", "holds no disclosure key"), ("\xff", "line 1")):
        path.write_text(content)
        with pytest.raises(ValueError, match=told) as caught:
            read_keys(path)
        assert KEY[2:] not in str(caught.value)
    with pytest.raises(ValueError, match="cannot be read"):
        read_keys(tmp_path / "none")


def test_the_command_takes_the_key_from_a_file_or_from_standard_input(
    sealed: PinnedMarket, payloads: str, tmp_path: Path
) -> None:
    sealed.run()
    stack, path = sealed.market.stack, tmp_path / "keys"
    path.write_text(KEY + "\n")
    command = [sys.executable, "-m", "scripts.main", "audit", "--rpc-url", stack.rpc_url]
    command += ["--escrow", stack.escrow.address, "--payloads", payloads, "--labels", "--json"]

    def exit_of(*options: str, given: str = "") -> int:
        done = subprocess.run([*command, *options], capture_output=True, text=True, input=given, check=False)
        assert KEY[2:] not in done.stdout + done.stderr
        assert json.loads(done.stdout)["exit_code"] == done.returncode, done.stderr
        return done.returncode

    assert exit_of() == 2
    assert exit_of("--disclosure-key-file", str(path)) == 0
    assert exit_of("--disclosure-key-file", "-", given=KEY) == 0
    path.write_text(new_key())
    assert exit_of("--disclosure-key-file", str(path)) == 1


def test_the_digest_of_a_key_does_not_hold_the_key() -> None:
    assert KEY[2:] not in key_digest(KEY)
