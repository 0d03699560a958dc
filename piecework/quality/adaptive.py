"""Which answer to buy next: on the task where it tells most, from the worker whose answer tells most.

First a few tasks, drawn by the seed, are answered by everybody who may: they measure the workers.
Then each possible answer is valued by the information that it is expected to give about its task's label, under the
worker's table as known so far (D. V. Lindley, "On a Measure of the Information Provided by an Experiment", 1956). A
task stops at the confidence that was asked for. Nothing here knows the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from piecework.quality.answers import Answers, Bools, Floats, Ints
from piecework.quality.calibration import tempered_posterior
from piecework.quality.confusion import ConfusionFit, ConfusionPrior, fit_confusion, tables_given
from piecework.quality.infer import Chosen, Labelling, Parameters, infer_labels
from piecework.quality.joining import Joined, Predictor, infer_with_model, with_evidence
from piecework.quality.models import Fit, fits_in_memory
from piecework.quality.trust import measure_model
from piecework.quality.vote import best_label


@dataclass(frozen=True)
class Policy:
    """`confidence`: a task stops when its label is this sure and rests on `least_answers`; 1 never stops before the
    answers end.

    With a model, its word counts as one of `least_answers` where it is trusted, and `least_people` must have answered.
    `budget`: share of all possible answers that may be bought. `shared_tasks`: share of all answers that goes to the
    tasks which measure workers. `correlation`: between answers to one task. `batch`: share of all answers bought
    between two refits. `row` and `worker`: pulls, in answers, towards an average worker while a worker is valued,
    stronger than for labels because the luckiest of many newcomers looks better than they are.
    """

    confidence: float = 0.98
    least_answers: int = 2
    least_people: int = 2
    budget: float = 1.0
    shared_tasks: float = 0.06
    correlation: float = 0.3
    batch: float = 0.005
    row: float = 4.0
    worker: float = 8.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.confidence <= 1.0:
            raise ValueError(f"confidence must lie in 0..1, not {self.confidence}")
        if not 0.0 < self.budget <= 1.0:
            raise ValueError(f"budget must be a share above 0 and at most 1, not {self.budget}")

    @property
    def cautious(self) -> ConfusionPrior:
        """Under which workers are valued and tasks stopped."""
        return ConfusionPrior(row=self.row, worker=self.worker)


@dataclass(frozen=True)
class Assessment:
    """What all answers bought so far say.

    `support`, `cautious`: (tasks, labels), log likelihoods of each task's answers under the workers' tables as fitted,
    and under the cautious `table`. `label`: (tasks,), NO_LABEL without answers; `posterior`: (tasks,), how sure it is
    under the cautious tables; `confidence`: (tasks,), the same, but 0 where too few have answered to stop.
    """

    fit: ConfusionFit
    support: Floats
    cautious: Floats
    table: Floats
    label: Ints
    posterior: Floats
    confidence: Floats


@dataclass(frozen=True)
class Valuation:
    """`value`: (candidates,), in nats, minus infinity for a task that has stopped. `confidence`: (tasks,).

    `is_shared`: (candidates,), on the tasks that measure workers, to be bought first.
    """

    value: Floats
    confidence: Floats
    is_shared: Bools


def value_candidates(
    bought: Answers, task: Ints, worker: Ints, policy: Policy, predictor: Predictor | None = None
) -> Valuation:
    """What each possible answer (`task`, `worker`: (candidates,)) would tell beyond those `bought`, and beyond what a
    model says as far as those bought make it trusted."""
    given = bought.per_task()
    is_shared = shared_tasks(given + np.bincount(task, minlength=bought.tasks), policy)[task]
    found = assess(bought, policy)
    log_prevalence = np.log(found.fit.prevalence)
    posterior = tempered_posterior(found.support, log_prevalence, given, policy.correlation)
    confidence = found.confidence
    if predictor is not None:
        chosen = explained_by(found.table, bought, found.fit, policy)
        evidence = measure_model(bought, chosen, predictor(bought), seed=policy.seed).evidence
        cautious = with_evidence(
            tempered_posterior(found.cautious, log_prevalence, given, policy.correlation), evidence
        )
        spoken = (evidence != 0.0).any(axis=1)
        is_enough = given >= policy.least_answers
        is_enough |= spoken & (given + 1 >= policy.least_answers) & (given >= policy.least_people)
        confidence = np.where(is_enough, cautious.max(axis=1, initial=0.0), 0.0)
    value = information(posterior, found.table, task, worker)
    if policy.confidence < 1.0:
        value[(confidence >= policy.confidence)[task] & ~is_shared] = -np.inf
    return Valuation(value, confidence, is_shared)


def assess(bought: Answers, policy: Policy) -> Assessment:
    """Fits all answers anew.

    Whether a task may stop is judged by the cautious tables: workers who look good after three answers are not yet.
    """
    fit = fit_confusion(bought, max_iterations=30)
    log_prevalence = np.log(fit.prevalence)
    support = fit.log_posterior - log_prevalence
    table = _cautious_table(bought, fit, policy)
    cautious = _support(bought, table)
    answered = bought.per_task()
    posterior = posterior_of_label(support, cautious, log_prevalence, answered, policy)
    confidence = np.where(answered >= policy.least_answers, posterior, 0.0)
    label = best_label(bought, support + log_prevalence)
    return Assessment(fit, support, cautious, table, label, posterior, confidence)


def explained_by(table: Floats, bought: Answers, fit: ConfusionFit, policy: Policy) -> Chosen:
    """The answers bought as these tables (workers, labels said, labels true) explain them."""
    explained = Fit(_support(bought, table), np.log(fit.prevalence), fit.accuracy, table, fit.iterations, fit.converged)
    return Chosen(explained, "confusion", (), policy.correlation)


def posterior_of_label(
    support: Floats, cautious: Floats, log_prevalence: Floats, answered: Ints, policy: Policy
) -> Floats:
    """(tasks,): how sure the cautious tables are of the label that the tables as fitted give."""
    posterior = tempered_posterior(cautious, log_prevalence, answered, policy.correlation)
    if posterior.shape[1] == 0:
        return np.zeros(posterior.shape[0])
    sure: Floats = posterior[np.arange(posterior.shape[0]), (support + log_prevalence).argmax(axis=1)]
    return sure


def choose_next(valuation: Valuation, task: Ints, count: int, random: np.random.Generator) -> Ints:
    """At most `count` positions among the candidates, best first, one a task; none when all tasks have stopped."""
    shared = np.flatnonzero(valuation.is_shared)
    if shared.size:
        return shared[:count]
    # Equal values in random order: file order must not favour the workers who came first.
    tie = random.random(task.size)
    order = np.lexsort((tie, -valuation.value))
    order = order[np.isfinite(valuation.value[order])]
    first = np.sort(np.unique(task[order], return_index=True)[1])
    return order[first[:count]]


def replay_purchase(
    pool: Answers,
    policy: Policy,
    predictor: Predictor | None = None,
    told: Callable[[int], object] = lambda _: None,
) -> Ints:
    """Buys from the answers that exist until each task has stopped or the budget is spent. `told`: how many, each time.

    Returns positions in `pool`, in the order of purchase. Looks only at labels that it has bought.
    Raises ValueError when there are too many labels for a table a worker.
    """
    if not fits_in_memory(pool, "confusion"):
        raise ValueError(f"{pool.labels} labels are too many to value answers one by one: infer from all of them")
    random = np.random.default_rng(policy.seed)
    budget = round(policy.budget * pool.size)
    step = max(1, round(policy.batch * pool.size))
    is_bought = np.zeros(pool.size, dtype=np.bool_)
    order: list[Ints] = []
    spent = 0
    while spent < budget:
        candidates = np.flatnonzero(~is_bought)
        bought = pool.take(np.concatenate(order) if order else np.zeros(0, dtype=np.int64))
        task = pool.task[candidates]
        valuation = value_candidates(bought, task, pool.worker[candidates], policy, predictor)
        picked = candidates[choose_next(valuation, task, min(step, budget - spent), random)]
        if picked.size == 0:
            break
        is_bought[picked] = True
        order.append(picked)
        spent += picked.size
        told(spent)
    return np.concatenate(order) if order else np.zeros(0, dtype=np.int64)


def has_ended(bought: Answers, pool: Answers, policy: Policy) -> bool:
    """Whether a purchase from `pool` came to its end, all tasks sure or all answers bought, before the budget's."""
    return bought.size == pool.size or bought.size < round(policy.budget * pool.size)


def infer_bought(
    bought: Answers, policy: Policy, parameters: Parameters | None = None, *, ended: bool = False
) -> Labelling:
    """Labels from answers that the policy chose, under the model and the correlation that it valued them by.

    Held-out evidence would mislead while the purchase goes on: the policy looked for hard tasks and good workers, and
    many tasks have one answer or none. Once it has `ended` by itself every task has its answers, and evidence chooses
    the model: a crowd whose workers err evenly is labelled worse by tables that it has too few answers to fill. A model
    or a correlation that `parameters` name is used all the same.
    """
    valued = _valued_by(policy, parameters)
    return infer_labels(bought, replace(valued, model=(parameters or Parameters()).model) if ended else valued)


def infer_bought_with_model(
    bought: Answers, policy: Policy, predictor: Predictor, parameters: Parameters | None = None
) -> Joined:
    """`infer_bought` with the model that the policy was given, which the cautious tables measure."""
    fit = fit_confusion(bought)
    cautious = explained_by(_cautious_table(bought, fit, policy), bought, fit, policy)
    return infer_with_model(bought, predictor(bought), _valued_by(policy, parameters), measured_by=cautious)


def _valued_by(policy: Policy, parameters: Parameters | None) -> Parameters:
    parameters = parameters or Parameters()
    model = "confusion" if parameters.model == "auto" else parameters.model
    correlation = policy.correlation if parameters.correlation is None else parameters.correlation
    return replace(parameters, model=model, correlation=correlation)


def _cautious_table(bought: Answers, fit: ConfusionFit, policy: Policy) -> Floats:
    """People's tables drawn towards an average worker: those whom the policy asked are the ones who looked best."""
    return tables_given(bought, fit.posterior, policy.cautious)


def information(posterior: Floats, table: Floats, task: Ints, worker: Ints) -> Floats:
    """Expected information, in nats, of an answer of `worker` about the label of `task`: (candidates,).

    `posterior`: (tasks, labels); `table`: (workers, labels said, labels true).
    """
    labels = posterior.shape[1]
    surprise = -np.sum(table * np.log(table), axis=1)  # (workers, labels true)
    gained: Floats = -np.einsum("ik,ik->i", posterior[task], surprise[worker])
    for said in range(labels):
        chance = np.einsum("ik,ik->i", posterior[task], table[worker, said])
        gained -= chance * np.log(np.maximum(chance, 1e-300))
    informative: Floats = np.maximum(gained, 0.0)
    return informative


def _support(answers: Answers, table: Floats) -> Floats:
    """Log likelihood of each task's answers for each label: (tasks, labels)."""
    said = np.log(table)[answers.worker, answers.label]
    columns = [np.bincount(answers.task, weights=column, minlength=answers.tasks) for column in said.T]
    return np.stack(columns, axis=1) if columns else np.zeros((answers.tasks, 0))


def shared_tasks(possible: Ints, policy: Policy) -> Bools:
    """The first tasks of a seeded order that together hold their share of all `possible` answers: both (tasks,)."""
    order = np.random.default_rng([policy.seed, possible.size]).permutation(possible.size)
    before = np.cumsum(possible[order]) - possible[order]
    is_shared = np.zeros(possible.size, dtype=np.bool_)
    is_shared[order] = before < policy.shared_tasks * possible.sum()
    return is_shared
