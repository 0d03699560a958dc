"""Drafting: from a requester's wish to the exact transaction that funds it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from backend.accounts.service import digest_signed_by
from backend.batches import repository
from backend.batches.asking import asked_schema
from backend.batches.commitment import Commitment, commit, packed
from backend.batches.drawing import check_draw
from backend.batches.known import check_known, max_share, mixed
from backend.batches.schemas import Cost, DisputeTerms, DraftIn, DraftView, Gas, PermitIn
from backend.batches.target import check_target
from backend.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.ipfs.port import PayloadStore
from backend.matching import repository as matching
from backend.matching.service import check_needs
from backend.pay.floor import check_floor, expected_seconds
from backend.pay.pace import units_per_hour
from backend.pay.relaying import check_draft, relaying_of
from backend.schemas import MAX_UNITS, Transaction
from backend.services import Services
from backend.waiting.room import admit, place_of, wait_anew
from piecework.chain.calls import Call
from piecework.chain.escrow import PermitApproval
from piecework.chain.fees import fees_now
from piecework.db.gateway import Draft
from piecework.db.people import BatchNeeds
from piecework.domain import documents, messages
from piecework.domain.answers import AnswerSchemaRefused, check_answer_schema
from piecework.domain.canonical import NotCanonical, new_salt, read_back
from piecework.domain.cid import CidError, CidMismatch, cid_of_digest
from piecework.domain.documents import DocumentError
from piecework.domain.ids import ZERO_ADDRESS, Cid
from piecework.domain.messages import BatchKey, Terms

MAX_ASSIGNMENTS = 2**24 - 1
FUNDING_GAS = 220_000
"""What opening a batch with a permit takes at most; a test compares it with what a real one took."""
_BASIS = 10_000
_NAMED_BYTES = 200
"""What the row of a worker on an allow or block list takes, about."""
_BYTES_OF_ONE_UNIT = 20_000
"""Of a document that is parsed, compared with its canonical form and checked against its schema."""
_MOST_BYTES = 256 * 2**20
Read = TypeVar("Read")
_LARGEST = 2**63 - 1
"""What a database's integer holds."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    key: BatchKey
    batch_id: str
    assignments: int
    answer_schema: dict[str, Any]
    manifest: documents.Packed
    commitment: Commitment | None
    reserve_units: int


def draft(services: Services, requester: str, network: str, wanted: DraftIn) -> DraftView:
    """Checks everything that funding would stumble over, and keeps the draft with its documents until it is funded or
    expires. `network`: where it comes from. Raises NoRoom beyond the gateway's bound."""
    stated = wanted.estimated_seconds_per_task
    with services.reading() as session:
        seconds = expected_seconds(services, session, requester, stated)
    wanted = wanted.model_copy(update={"tasks": mixed(wanted.tasks, wanted.gold)})
    prepared = _prepare(services, requester, wanted)
    check_floor(services, wanted.reward_units, seconds, stated)
    check_draft(services, prepared.key.terms, wanted.max_claim, len(wanted.tasks))
    sealed = prepared.commitment.sealed.blocks if prepared.commitment else ()
    files = [*reversed(sealed), *reversed(prepared.manifest.blocks)]
    rows_bytes = sum(len(file.data) for file in files) + _NAMED_BYTES * (
        len(wanted.needs.allow) + len(wanted.needs.block)
    )
    row = Draft(
        batch_id=prepared.batch_id,
        requester=requester,
        salt=prepared.key.salt,
        terms=prepared.key.terms.to_json(),
        manifest_digest=prepared.manifest.digest,
        title=wanted.title,
        instructions=wanted.instructions,
        task_type=wanted.task_type,
        answer_schema=prepared.answer_schema,
        answers_per_task=wanted.answers_per_task,
        tasks=len(wanted.tasks),
        review=wanted.review.model_dump(exclude_none=True),
        skills=wanted.skills,
        languages=wanted.languages,
        gold=prepared.commitment.gold if prepared.commitment else None,
        disclosure_key=prepared.commitment.key if prepared.commitment else None,
        max_gold_share=max_share(wanted) if wanted.gold else None,
        created_at=time.time(),
    )
    needs = BatchNeeds(
        batch_id=prepared.batch_id,
        needs=wanted.needs.kept().model_dump(mode="json"),
        stated_seconds=stated,
        expected_seconds=seconds,
        units_per_hour=min(_LARGEST, units_per_hour(wanted.reward_units, seconds * 1_000)),
    )
    view = _view(services, prepared, seconds)  # which asks the node: not while others wait for their turn to write
    tasks = repository.task_rows(prepared.batch_id, wanted.tasks, set(wanted.gold or {}))
    with services.writing() as session:
        check_needs(services, session, requester, wanted.needs)
        admit(services, session, place_of(session, prepared.batch_id, requester, network), files, rows_bytes)
        repository.add_draft(session, row, tasks)
        matching.add_needs(session, needs, allow=wanted.needs.allow, block=wanted.needs.block)
    return view


def funding_transaction(services: Services, requester: str, batch_id: str, permit: PermitIn) -> Transaction:
    """The whole `openBatchWithPermit` for a permit that the requester signed; its draft waits anew meanwhile."""
    with services.reading() as session:
        row = repository.draft(session, batch_id)
    if row is None:
        raise NotFound("draft_unknown", f"there is no draft {batch_id} (any more): draft the batch again")
    if row.requester != requester:
        raise NotAllowed("not_your_draft", f"draft {batch_id} belongs to {row.requester}")
    if services.escrow.batch(batch_id).exists:
        raise Conflict("batch_already_open", f"batch {batch_id} is funded already")
    terms = Terms.from_json(row.terms)
    assignments = row.tasks * row.answers_per_task
    if permit.amount_units + services.escrow.account(requester).owed < terms.unit_cost_units * assignments:
        total = terms.unit_cost_units * assignments
        raise Invalid("permit_too_small", f"the batch costs {total} units, the permit gives {permit.amount_units}")
    if permit.deadline < services.clock.now():
        raise Invalid("signature_expired", "the permit's deadline is over: draft anew or sign a later one")
    _check_permit(services, requester, permit)
    try:
        approval = PermitApproval(permit.amount_units, permit.deadline, permit.signature)
        call = services.escrow.open_batch_with_permit(terms, row.salt, assignments, approval)
    except ValueError as error:
        raise Invalid("permit_malformed", str(error)) from error
    with services.writing() as session:
        wait_anew(services, session, batch_id)
    return as_transaction(services, call)


def _check_permit(services: Services, requester: str, permit: PermitIn) -> None:
    """The token takes this permit now, or has taken it already, whoever brought it."""
    allowed = services.token.allowance(requester, services.escrow.address)
    if allowed >= permit.amount_units:
        return
    if permit.signature is None:
        detail = (
            f"the token allows the escrow {allowed} of {permit.amount_units} units: approve them, or sign the permit"
        )
        raise Invalid("allowance_too_small", detail)
    nonce = services.token.nonce_of(requester)
    typed = permit_for(services, requester, permit.amount_units, nonce, permit.deadline)
    if not digest_signed_by(services, requester, messages.digest(typed), permit.signature):
        detail = f"the permit is not {requester}'s for {permit.amount_units} units with number {nonce}: sign it anew"
        raise Invalid("signature_by_another_key", detail)


def permit_for(services: Services, owner: str, value_units: int, nonce: int, deadline: int) -> messages.TypedData:
    """What the owner of tokens signs so that the escrow can take `value_units` of them."""
    return messages.token_permit(
        token=services.token_info.address,
        token_name=services.token_info.name,
        token_version=services.token_info.version,
        chain_id=services.escrow.chain_id,
        owner=owner,
        spender=services.escrow.address,
        value_units=value_units,
        nonce=nonce,
        deadline=deadline,
    )


def requester_call(services: Services, batch_id: str, name: str) -> Transaction:
    """Unsigned `closeBatch` or `refund`."""
    key = batch_key(services, batch_id)
    call = services.escrow.close_batch(key) if name == "close" else services.escrow.refund(key)
    return as_transaction(services, call)


def batch_key(services: Services, batch_id: str) -> BatchKey:
    """The key of a batch on chain. Raises NotFound."""
    with services.reading() as session:
        found = repository.one(session, batch_id)
    if found is None:
        raise NotFound("batch_unknown", f"the mirror has no batch {batch_id}: is it funded yet?")
    batch = found[0]
    return BatchKey(batch.requester, batch.salt, Terms.from_json(batch.terms))


def pin(store: PayloadStore, packed: documents.Packed) -> None:
    """Stores every block, the root last, so that a named document is whole."""
    for block in reversed(packed.blocks):
        store.put(block.data)


def fetch_document(services: Services, digest: str, kind: str) -> dict[str, Any]:
    """A pinned document, verified."""
    return _read(services, documents.unpack, digest, kind)


def document_text(services: Services, digest: str, kind: str) -> bytes:
    """The bytes of a pinned document that is known to be one, verified."""
    return _read(services, documents.text_of, digest, kind)


def document_units(services: Services, digests: Sequence[str], kind: str) -> int:
    """What reading these documents costs a client: whoever made them decided how large they are. Raises Conflict for
    more than anybody is made to pay for."""
    sizes = [_read(services, documents.size_of, digest, kind) for digest in digests]
    if sum(sizes) > _MOST_BYTES:
        detail = (
            f"the {kind} that the chain names have {sum(sizes)} bytes, {_MOST_BYTES} are read here: fetch the files"
        )
        raise Conflict("documents_too_large", detail)
    return sum(1 + size // _BYTES_OF_ONE_UNIT for size in sizes)


def _read(services: Services, read: Callable[[str, str, Callable[[Cid], bytes]], Read], digest: str, kind: str) -> Read:
    try:
        return read(digest, kind, lambda cid: services.store.get(cid, documents.MAX_BLOCK_BYTES))
    except (CidError, CidMismatch, DocumentError) as error:
        # Whoever funds or settles elsewhere can name a digest of anything.
        raise Conflict("document_unreadable", f"the {kind} that the chain names is none: {error}") from error


def as_transaction(services: Services, call: Call) -> Transaction:
    return Transaction(to=call.to, data=call.data, chain_id=services.escrow.chain_id)


def _prepare(services: Services, requester: str, wanted: DraftIn) -> _Prepared:
    answer_schema = asked_schema(wanted)
    _check_wanted(wanted, answer_schema, has_model=services.precheck_endpoint is not None)
    answer_schema = _read_back(answer_schema)
    reward = wanted.reward_units
    fee = wanted.operator_fee_units
    if fee is None:
        fee = reward * services.settings.operator_fee_basis_points // _BASIS
    if fee > reward // 20:
        raise Invalid("operator_fee_too_high", f"the operator fee is at most {reward // 20} units for this reward")
    assignments = len(wanted.tasks) * wanted.answers_per_task
    if assignments > MAX_ASSIGNMENTS:
        raise Invalid("too_many_assignments", f"{assignments} assignments, {MAX_ASSIGNMENTS} fit one batch: split it")
    _check_room(services, requester, (reward + fee) * assignments)
    reviewer = wanted.reviewer or services.settings.default_reviewer
    if wanted.review.policy == "requester":
        reviewer = wanted.reviewer or requester
    if reviewer is None or reviewer == ZERO_ADDRESS:
        raise Invalid("reviewer_missing", "name a reviewer: this gateway has no panel of its own")
    commitment = commit(wanted)
    manifest = _manifest(wanted, answer_schema, commitment)
    terms = Terms(
        reward=reward,
        operatorFee=fee,
        disputeFee=_dispute_fee(services, wanted),
        reviewer=reviewer,
        assigner=services.assigner.address,
        operator=services.operator_address if fee else ZERO_ADDRESS,
        gate=ZERO_ADDRESS,
        arbitrator=services.settings.arbitrator,
        claimBy=services.clock.now() + wanted.claim_period_seconds,
        lease=wanted.lease_seconds,
        reviewWindow=wanted.review_window_seconds,
        disputeWindow=wanted.dispute_window_seconds,
        rulingWindow=wanted.ruling_window_seconds,
        maxClaim=wanted.max_claim,
        flags=0,
        manifest=manifest.digest,
    )
    key = BatchKey(requester, "0x" + secrets.token_hex(32), terms)
    batch_id = key.batch_id(services.escrow.domain)
    return _Prepared(key, batch_id, assignments, answer_schema, manifest, commitment, wanted.reserve_units)


def _dispute_fee(services: Services, wanted: DraftIn) -> int:
    """As wished, else the gateway's, else the panel's own; never above what the contract allows."""
    most = wanted.reward_units * wanted.max_claim
    if wanted.dispute_fee_units is not None:
        if wanted.dispute_fee_units > most:
            detail = f"the dispute fee is at most max_claim x reward = {most} units"
            raise Invalid("dispute_fee_too_high", detail)
        return wanted.dispute_fee_units
    fee = services.settings.dispute_fee_units
    if fee is None:
        fee = services.arbitration_panel.fee_units() if services.arbitration_panel else 0
    return min(fee, most)


def _check_room(services: Services, requester: str, total_units: int) -> None:
    """The escrow takes no deposit that would bring all it holds above 2^96 - 1."""
    room = MAX_UNITS - services.token.balance_of(services.escrow.address)
    if total_units > MAX_UNITS or total_units - services.escrow.account(requester).owed > room:
        detail = f"the batch costs {total_units} units, the escrow has room for {max(0, room)} more: lower the reward"
        raise Invalid("amount_too_large", detail)


def _check_wanted(wanted: DraftIn, answer_schema: dict[str, Any], *, has_model: bool) -> None:
    if wanted.reward_units == 0:
        raise Invalid("reward_zero", "the reward of an assignment must be above zero")
    try:
        check_answer_schema(answer_schema)
    except AnswerSchemaRefused as error:
        raise Invalid("answer_schema_refused", str(error)) from error
    ids = {task.id for task in wanted.tasks}
    if len(ids) != len(wanted.tasks):
        raise Invalid("task_id_twice", "two tasks have the same id")
    check_known(wanted, answer_schema)
    check_target(wanted, answer_schema)
    check_draw(wanted)
    if wanted.review.pre_check and not has_model:
        raise Invalid(
            "pre_check_absent", "this gateway's operator has set no model for pre-checks: leave pre_check out"
        )


def _manifest(wanted: DraftIn, answer_schema: dict[str, Any], commitment: Commitment | None) -> documents.Packed:
    document = {
        "format": documents.format_name("manifest"),
        "salt": new_salt(),
        "title": wanted.title,
        "instructions": wanted.instructions,
        "task_type": wanted.task_type,
        "answer_schema": answer_schema,
        "answers_per_task": wanted.answers_per_task,
        "tasks": [task.model_dump() for task in wanted.tasks],
        "skills": wanted.skills,
        "languages": wanted.languages,
        "estimated_seconds_per_task": wanted.estimated_seconds_per_task,
        "review": wanted.review.model_dump(exclude_none=True),
        "gold": commitment.entry if commitment else None,
    }
    return packed(document, "manifest")


def _read_back(value: dict[str, Any]) -> dict[str, Any]:
    """As the manifest's readers will have it. Raises Invalid."""
    try:
        return read_back(value)
    except NotCanonical as error:
        raise Invalid("document_refused", str(error)) from error


def _view(services: Services, prepared: _Prepared, seconds: int) -> DraftView:
    terms, requester = prepared.key.terms, prepared.key.requester
    total = terms.unit_cost_units * prepared.assignments
    held = services.escrow.account(requester).owed
    missing = total + prepared.reserve_units - held
    permit = None
    transaction = None
    if missing <= 0:
        call = services.escrow.open_batch(terms, prepared.key.salt, prepared.assignments)
        transaction = as_transaction(services, call)
    else:
        permit = permit_for(services, requester, missing, services.token.nonce_of(requester), terms.claimBy)
        permit["message"]["value"] = str(missing)
    return DraftView(
        batch_id=prepared.batch_id,
        status="draft",
        requester=requester,
        salt=prepared.key.salt,
        terms=terms.to_json(),
        assignments=prepared.assignments,
        manifest_digest=prepared.manifest.digest,
        manifest_cid=cid_of_digest(prepared.manifest.digest),
        gold_root=prepared.commitment.root if prepared.commitment else None,
        cost=Cost(
            reward_units=terms.reward * prepared.assignments,
            operator_fee_units=terms.operatorFee * prepared.assignments,
            total_units=total,
            gas=_gas(services),
            relay_units=relaying_of(services, terms.operatorFee).cost_units,
        ),
        seconds_per_task=seconds,
        pay_per_hour_units=units_per_hour(terms.reward, seconds * 1_000),
        dispute=_dispute_terms(services, terms, account_units=held + max(0, missing) - total),
        permit=permit,
        transaction=transaction,
    )


def _gas(services: Services) -> Gas:
    fees = fees_now(services.escrow.web3)
    return Gas(gas=FUNDING_GAS, most_wei=FUNDING_GAS * fees.most_wei)


def _dispute_terms(services: Services, terms: Terms, account_units: int) -> DisputeTerms:
    fee = terms.disputeFee
    panel_fee = services.arbitration_panel.fee_units() if services.arbitration_panel else 0
    if fee == 0:
        advice = "No fee is locked for rejections, and none is put up for disputes."
    else:
        advice = (
            f"To be able to reject, keep {fee} units in your account for each worker whose answers you reject "
            "(reserve_units deposits them with the batch); they come back when the rejections are final or upheld."
        )
    if fee < panel_fee:
        advice += f" The arbitrator rules for {panel_fee} units or more: disputes of this batch would end in silence."
    return DisputeTerms(
        arbitrator=terms.arbitrator,
        fee_units=fee,
        arbitrator_fee_units=panel_fee,
        account_units=account_units,
        workers_that_can_be_rejected=account_units // fee if fee else None,
        advice=advice,
    )
