"""How far to trust a model beside people: no further than people's answers show, and by a lower bound.

A model enters as one more worker with a table of what it says when a label is true. Nothing of it is taken on its word:

- The table is measured against people's posteriors alone, with their doubt taken out again: where people are 80 % sure
  even a perfect model would seem to agree only so often.
- A task's evidence comes from a table measured on other tasks (five folds), and every entry is drawn to zero by its
  standard error. Claims of confidence sort what it says into bands; what a band is worth is measured too.
- What remains is weighed by how much better it foretells people's answers that were held back. The weight maximises the
  lower end of that gain without the person who contributes most to it, so that to copy one person is worth nothing.
- Where it is told which answers were there when the model spoke, it is weighed by the later ones alone, each foretold
  from all that came before it: what only repeats those answers adds nothing to them.
- Where that is not told, whoever sides with the plain vote wherever the people's skill overrules it is an echo of the
  answers and is left out.
- Known answers can only take trust away: who has seen them must not gain by it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from piecework.quality.answers import Answers, Bools, Floats, Ints
from piecework.quality.calibration import tempered_posterior
from piecework.quality.infer import Chosen
from piecework.quality.intervals import NORMAL_95, Share, counted_share, wilson
from piecework.quality.predictions import Predictions, Sayings, sayings_of
from piecework.quality.vote import NO_LABEL, vote_shares

BESIDE = (0, 1, 2, 4, 8, 16)
"""Numbers of people's answers to a task beside which a model gets a weight of its own: alone it tells most."""
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
FOLDS = 5
LEAST_MEASURED = 20
"""Tasks with people's answers that a model must have spoken of before it can count."""
LEAST_TWICE = 40
"""Such tasks with two answers at least: then those with one do not measure."""
SMOOTHING = 2.0
"""Tasks a label on which a model is thought to say anything as often as it does overall, before it is measured."""
ENTRY_DEVIATIONS = 1.0
GAIN_DEVIATIONS = 2.5
"""Six numbers of answers and four weights are tried, so one in a hundred would be too few."""
LEAST_GAIN = 1e-6
"""Nats a measured task, at the lower end; less is the noise of floating point."""
LEAST_CONTESTED = 5
ECHO_DEVIATIONS = 3.0
ECHO_SHARE = 0.75

Verdict = Literal["trusted", "too_little", "no_gain", "echo", "known_answers_contradict", "too_many_labels"]


@dataclass(frozen=True)
class Trust:
    """`weights`: from 0 (left out) to 1, beside each number of people's answers in BESIDE. `accuracy`: on people's
    labels, their doubt taken out; None without a measure. `known`: on known answers.

    `measured`: tasks with people's answers that the model spoke of and that measure it, no known ones among them;
    `predicted`: all that it spoke of. `gain`: log likelihood, in nats a task, by which people's held-back answers are
    foretold better beside each number of others; `gain_low`: its lower end without the person who contributes most.
    `contested`, `sided`: tasks on which people's skill overrules the vote, and those of them on which the model holds
    with the vote.
    """

    verdict: Verdict
    weights: tuple[float, ...]
    accuracy: Share | None
    known: Share | None
    predicted: int
    measured: int
    gain: tuple[float, ...]
    gain_low: tuple[float, ...]
    contested: int
    sided: int

    @property
    def is_trusted(self) -> bool:
        return self.verdict == "trusted"


@dataclass(frozen=True)
class Measured:
    """`evidence`: (tasks, labels), log likelihood to add to people's, weight included; zeros where it says nothing.
    `word`: the same before it is weighed."""

    trust: Trust
    evidence: Floats
    word: Floats

    def beside(self, answered: Ints) -> Floats:
        """(tasks, labels): the evidence beside so many (tasks,) answers of people."""
        return weight_beside(self.trust.weights, answered)[:, None] * self.word


def weight_beside(weights: tuple[float, ...], answered: Ints) -> Floats:
    """(tasks,): of the weights beside BESIDE the one for so many (tasks,) answers of people."""
    return np.array(weights)[np.searchsorted(BESIDE, answered, side="right") - 1]


def untrusted(verdict: Verdict, predictions: Predictions) -> Trust:
    """Of a model that cannot be measured."""
    none = _NO_WEIGHT
    return Trust(verdict, none.value, None, None, int(predictions.given().sum()), 0, none.gain, none.gain_low, 0, 0)


def trust_parameters() -> dict[str, Any]:
    """Every constant that the trust depends on, for whoever computes it again."""
    return {
        "beside": list(BESIDE),
        "weights": list(WEIGHTS),
        "folds": FOLDS,
        "least_measured": LEAST_MEASURED,
        "least_twice": LEAST_TWICE,
        "smoothing": SMOOTHING,
        "entry_deviations": ENTRY_DEVIATIONS,
        "gain_deviations": GAIN_DEVIATIONS,
        "least_gain": LEAST_GAIN,
        "least_contested": LEAST_CONTESTED,
        "echo_deviations": ECHO_DEVIATIONS,
        "echo_share": ECHO_SHARE,
    }


def measure_model(
    answers: Answers, chosen: Chosen, predictions: Predictions, *, seed: int, known: Ints | None = None,
    spoke_after: int | None = None,
) -> Measured:  # fmt: skip
    """`chosen`: what explains people's answers alone. `known`: (tasks,), NO_LABEL where no answer is known.
    `spoke_after`: so many of the first answers were there when the model spoke; None if that is not told.

    `seed` deals the tasks into folds. The truth is not asked.
    """
    gold = np.full(answers.tasks, NO_LABEL, dtype=np.int64) if known is None else known
    measured = _measuring(answers, predictions.given() & (gold == NO_LABEL))
    on_known = _known_share(predictions, gold)
    posterior = tempered_posterior(
        chosen.fit.support, chosen.fit.log_prevalence, answers.per_task(), chosen.correlation
    )
    # People who share errors are less sure than answers that came about independently would make them. How far they
    # do, answers alone do not tell: the evidence takes people for as sure as can be, which corrects a model least.
    apart = tempered_posterior(chosen.fit.support, chosen.fit.log_prevalence, answers.per_task(), 0.0)
    accuracy = _between(
        measured_accuracy(predictions.label[measured], apart[measured]),
        measured_accuracy(predictions.label[measured], posterior[measured]),
    )
    contested, sided, is_echo = _echo(answers, chosen, posterior, predictions, measured)
    evidence, weights = np.zeros((answers.tasks, answers.labels)), _NO_WEIGHT
    verdict: Verdict = "too_little"
    if measured.sum() >= LEAST_MEASURED:
        evidence = _cross_fitted(answers, apart, predictions, measured, seed)
        if spoke_after is None:
            weights = _weights(answers, chosen, evidence, measured, seed)
        else:
            weights = _weights_later(answers, chosen, evidence, measured, spoke_after)
        verdict = "trusted" if any(weights.value) else "no_gain"
        if is_echo and spoke_after is None:
            verdict = "echo"
        elif on_known and accuracy and on_known.high < accuracy.low:
            verdict = "known_answers_contradict"
    if verdict != "trusted":
        weights = replace(weights, value=_NO_WEIGHT.value)
    trust = Trust(
        verdict, weights.value, accuracy, on_known, int(predictions.given().sum()), int(measured.sum()), weights.gain,
        weights.gain_low, contested, sided,
    )  # fmt: skip
    return Measured(trust, weight_beside(weights.value, answers.per_task())[:, None] * evidence, evidence)


def _measuring(answers: Answers, which: Bools) -> Bools:
    """Which tasks measure: those with two answers, whose posterior one over-trusted person does not make alone; all
    that were answered while there are too few of those."""
    twice: Bools = which & (answers.per_task() > 1)
    return twice if twice.sum() >= LEAST_TWICE else which & (answers.per_task() > 0)


def measured_accuracy(label: Ints, posterior: Floats) -> Share | None:
    """The share of right labels (tasks,), when the truth is known as well as `posterior` (tasks, labels) says."""
    count = label.size
    if count == 0:
        return None
    share = posterior.sum(axis=0) / count
    told: Floats = np.zeros(posterior.shape)
    told[np.arange(count), label] = 1.0
    usual = np.bincount(label, minlength=posterior.shape[1]) / count
    sharpened = _without_doubt(posterior)
    # What each task adds to the sum over labels of prevalence x chance to say the label when it is true.
    added = share[label] * (posterior @ sharpened)[np.arange(count), label]
    prior = SMOOTHING * float(share @ (sharpened.T @ usual))
    value = min(1.0, max(0.0, float(added.sum()) + prior))
    deviation = float(np.sqrt(max(0.0, (added**2).sum() - added.sum() ** 2 / count)))
    low, high = wilson(np.array([value]), np.array([float(count)]))
    low_end = max(0.0, min(float(low[0]), value - NORMAL_95 * deviation))
    return Share(value, low_end, min(1.0, max(float(high[0]), value + NORMAL_95 * deviation)), count)


def _between(one: Share | None, other: Share | None) -> Share | None:
    """The middle of two measures of the same tasks, with the interval that holds both of theirs."""
    if one is None or other is None:
        return None
    value = (one.value + other.value) / 2.0
    return Share(value, min(one.low, other.low), max(one.high, other.high), one.count)


def evidence_table(sayings: Sayings, posterior: Floats, which: Bools) -> Floats:
    """Cautious log likelihood ratios (sayings, labels): what each saying tells for a label, against the usual.

    What a label tells is drawn to zero by `ENTRY_DEVIATIONS` of its standard error; what a band of claims tells, to
    what its label tells.
    """
    count = int(sayings.label.max(initial=-1)) + 1
    by_label = Sayings(np.where(sayings.of_task < 0, NO_LABEL, sayings.label[sayings.of_task]), np.arange(count))
    whole, doubt = _tells(by_label, posterior, which)
    whole = _drawn_in(whole, doubt)[sayings.label]
    if sayings.label.size == np.unique(sayings.label).size:
        return whole
    each, doubt = _tells(sayings, posterior, which)
    return whole + _drawn_in(each - whole, doubt)


def _drawn_in(value: Floats, deviation: Floats) -> Floats:
    cautious: Floats = np.sign(value) * np.maximum(0.0, np.abs(value) - ENTRY_DEVIATIONS * deviation)
    return cautious


def _tells(sayings: Sayings, posterior: Floats, which: Bools) -> tuple[Floats, Floats]:
    """Log likelihood ratios (sayings, labels) and their standard errors.

    With C the expected counts (sayings, labels) and M = P'P of the posteriors P of the measured tasks, the table of
    chances solves C = table M: people's own doubt is taken out without asking the model.
    """
    sure = posterior[which]
    count = np.zeros((sayings.label.size, posterior.shape[1]))
    np.add.at(count, sayings.of_task[which], sure)
    # A saying that was never measured keeps a little, so that its logarithm is finite.
    usual = (count.sum(axis=1) + 1.0 / max(1, count.shape[0])) / (count.sum() + 1.0)
    sharpened = _without_doubt(sure)
    table = (count + SMOOTHING * usual[:, None]) @ sharpened
    variance = (count + 0.5) @ sharpened**2
    table = np.clip(table, 0.5 / (count.sum(axis=0) + 1.0), 1.0)
    table /= table.sum(axis=0)
    return np.log(table) - np.log(usual)[:, None], np.sqrt(variance) / table


def _without_doubt(posterior: Floats) -> Floats:
    """The inverse of P'P, (labels, labels), with the smoothing as its ridge."""
    labels = posterior.shape[1]
    together: Floats = posterior.T @ posterior + SMOOTHING * np.eye(labels)
    return np.asarray(np.linalg.inv(together), dtype=np.float64)


def _cross_fitted(answers: Answers, posterior: Floats, predictions: Predictions, measured: Bools, seed: int) -> Floats:
    """Each answered task's evidence from the other folds; a task that nobody answered takes all of them."""
    sayings = sayings_of(predictions, measured, answers.labels)
    fold = np.random.default_rng([seed, answers.tasks]).permutation(answers.tasks) % FOLDS
    fold[answers.per_task() == 0] = FOLDS
    evidence = np.zeros((answers.tasks, answers.labels))
    for number in range(FOLDS + 1):
        here = (fold == number) & predictions.given()
        if here.any():
            table = evidence_table(sayings, posterior, measured & (fold != number))
            evidence[here] = table[sayings.of_task[here]]
    return evidence


@dataclass(frozen=True)
class _Weights:
    """`value`, `gain`, `gain_low`: of each entry of BESIDE."""

    value: tuple[float, ...]
    gain: tuple[float, ...]
    gain_low: tuple[float, ...]


_NO_WEIGHT = _Weights(*((0.0,) * len(BESIDE) for _ in range(3)))


def _weights(answers: Answers, chosen: Chosen, evidence: Floats, measured: Bools, seed: int) -> _Weights:
    """For each number of answers in BESIDE: how well a held-back answer is foretold from so many others, drawn by the
    seed, with and without the model. A number that too few tasks reach takes the weight of the one before."""
    fit, task = chosen.fit, answers.task
    chance = fit.label_probability(answers)
    said = np.log(chance)
    place = _places(answers, seed)
    found: list[tuple[float, float, float]] = []
    for beside in BESIDE:
        held = measured[task] & (answers.per_task()[task] > beside)
        if np.unique(task[held]).size < LEAST_MEASURED:
            found.append(found[-1] if found else (0.0, 0.0, 0.0))
            continue
        first, with_next = (_summed(answers, said, place < count) for count in (beside, beside + 1))
        support = np.where((place < beside)[:, None], with_next[task] - said, first[task])[held]
        others = tempered_posterior(support, fit.log_prevalence, np.full(support.shape[0], beside), chosen.correlation)
        found.append(_best_weight(answers.take(held), others, chance[held], evidence[task[held]]))
    return _Weights(*(tuple(column) for column in zip(*found, strict=True)))


def _weights_later(answers: Answers, chosen: Chosen, evidence: Floats, measured: Bools, spoke_after: int) -> _Weights:
    """For each number of answers in BESIDE: how well an answer that came after the model spoke is foretold from all
    before it on its task, so many or more, with and without the model."""
    fit, task = chosen.fit, answers.task
    chance = fit.label_probability(answers)
    before, support = _so_far(answers, np.log(chance))
    bucket = np.searchsorted(BESIDE, before, side="right") - 1
    is_later = measured[task] & (np.arange(answers.size) >= spoke_after)
    found: list[tuple[float, float, float]] = []
    for number in range(len(BESIDE)):
        held = is_later & (bucket == number)
        if np.unique(task[held]).size < LEAST_MEASURED:
            found.append(found[-1] if found else (0.0, 0.0, 0.0))
            continue
        others = tempered_posterior(support[held], fit.log_prevalence, before[held], chosen.correlation)
        found.append(_best_weight(answers.take(held), others, chance[held], evidence[task[held]]))
    return _Weights(*(tuple(column) for column in zip(*found, strict=True)))


def _so_far(answers: Answers, said: Floats) -> tuple[Ints, Floats]:
    """For each answer, how many came before it on its task, (answers,), and their `said`, (answers, labels), summed."""
    order = np.argsort(answers.task, kind="stable")
    start = np.cumsum(answers.per_task()) - answers.per_task()
    before = np.empty(answers.size, dtype=np.int64)
    before[order] = np.arange(answers.size) - start[answers.task[order]]
    total = np.concatenate([np.zeros((1, said.shape[1])), np.cumsum(said[order], axis=0)])
    support = np.empty_like(said)
    support[order] = total[np.arange(answers.size)] - total[start[answers.task[order]]]
    return before, support


def _places(answers: Answers, seed: int) -> Ints:
    """Each answer's place in a random order of its task, (answers,)."""
    order = np.random.default_rng([seed, answers.size]).permutation(answers.size)
    order = order[np.argsort(answers.task[order], kind="stable")]
    start = np.cumsum(answers.per_task()) - answers.per_task()
    place = np.empty(answers.size, dtype=np.int64)
    place[order] = np.arange(answers.size) - start[answers.task[order]]
    return place


def _summed(answers: Answers, said: Floats, which: Bools) -> Floats:
    """`said` (answers, labels) of `which` answers, summed by task: (tasks, labels)."""
    columns = [np.bincount(answers.task[which], weights=column, minlength=answers.tasks) for column in said[which].T]
    return np.stack(columns, axis=1)


def _best_weight(held: Answers, others: Floats, chance: Floats, evidence: Floats) -> tuple[float, float, float]:
    """The weight whose cautious gain is highest, with its gain and the cautious one, in nats a task; all else is given
    for each answer that is held back."""
    alone = np.log((others * chance).sum(axis=1))
    here = held.per_task() > 0
    best = (0.0, 0.0, LEAST_GAIN)
    for weight in WEIGHTS[1:]:
        joined = others * np.exp(weight * evidence)
        joined /= joined.sum(axis=1, keepdims=True)
        gain = np.log((joined * chance).sum(axis=1)) - alone
        # Answers to one task stand or fall together, so each task counts once.
        gain /= held.per_task()[held.task]
        by_task = np.bincount(held.task, weights=gain, minlength=held.tasks)[here]
        by_worker = np.bincount(held.worker, weights=gain, minlength=held.workers)
        deviation = float(np.sqrt(((by_task - by_task.mean()) ** 2).sum()))
        total = float(by_task.sum())
        cautious = total - max(0.0, float(by_worker.max(initial=0.0))) - GAIN_DEVIATIONS * deviation
        if cautious / by_task.size > best[2]:
            best = (weight, total / by_task.size, cautious / by_task.size)
    return best if best[0] else (0.0, 0.0, 0.0)


def _echo(
    answers: Answers, chosen: Chosen, posterior: Floats, predictions: Predictions, measured: Bools
) -> tuple[int, int, bool]:
    """Tasks on which skill overrules a clear vote, those on which the model holds with the vote, and whether that is
    more than a model of its own mind would."""
    shares = vote_shares(answers)
    if answers.labels < 2:
        return 0, 0, False
    ranked = np.sort(shares, axis=1)
    vote = shares.argmax(axis=1)
    found = (chosen.fit.support + chosen.fit.log_prevalence).argmax(axis=1)
    is_clear = ranked[:, -1] > ranked[:, -2] + 1e-9
    contested = np.flatnonzero(measured & is_clear & (vote != found) & (answers.per_task() > 1))
    sides = predictions.label[contested] == vote[contested]
    compared = measured & (answers.per_task() > 1)
    table = np.full((answers.labels, answers.labels), 0.5)
    np.add.at(table, predictions.label[compared], posterior[compared])
    table /= table.sum(axis=0)
    expected = (posterior[contested] * table[vote[contested]]).sum(axis=1)
    excess = float(sides.sum() - expected.sum())
    deviation = float(np.sqrt((expected * (1.0 - expected)).sum()))
    is_echo = contested.size >= LEAST_CONTESTED and sides.mean() > ECHO_SHARE and excess > ECHO_DEVIATIONS * deviation
    return int(contested.size), int(sides.sum()), bool(is_echo)


def _known_share(predictions: Predictions, known: Ints) -> Share | None:
    seen = (known != NO_LABEL) & predictions.given()
    return counted_share(float((predictions.label == known)[seen].sum()), int(seen.sum()))
