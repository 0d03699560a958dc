"""A requester's report as one HTML page that needs nothing else."""

from __future__ import annotations

import json

from backend.reports import charts
from backend.reports.charts import Part, Whisker, percent
from backend.reports.markup import Child, Markup, element, joined, page, stranger, visible
from backend.reports.parts import figure, figures, interval, money, scrolling, section, share_figure, table
from backend.reports.schemas import Agreement, Confusion, CostView, ModelView, Redundancy, RequesterReport, WorkerRow
from backend.reports.style import STYLE

_SHOWN_RELABEL = 25
_SHOWN_PEOPLE = 40
_SHOWN_LABELS = 20
_HEAT_LABELS = 15
_BINS = tuple(f"{low} to {low + 10} %" for low in range(0, 100, 10))


def render(report: RequesterReport) -> str:
    """The page. Everything that strangers wrote is escaped."""
    body = element(
        "main",
        _head(report),
        _figures(report),
        _cost(report.cost) if report.cost else None,
        _redundancy(report.redundancy, report.cost) if report.redundancy and report.cost else None,
        _model(report.model, report.cost) if report.model else None,
        _ranking(report) if report.ranking else None,
        _confidence(report) if report.kind == "labels" else None,
        _relabel(report) if report.relabel else None,
        _labels(report) if report.labels else None,
        _confusion(report.confusion) if report.confusion and report.labels else None,
        _people(report) if report.people else None,
        _method(report),
    )
    return page(f"Report: {report.title}", STYLE, body)


def _head(report: RequesterReport) -> Markup:
    batch = element("p", "Batch ", element("span", report.batch_id, class_="id")) if report.batch_id else None
    counts = f"{report.tasks:,} tasks · {report.answers:,} answers · {report.workers:,} people · {report.status}"
    warnings = [element("p", element("strong", stranger(text))) for text in report.warnings]
    return element("header", element("h1", stranger(report.title)), element("p", counts), batch, *warnings)


_MEASURES = {
    "similarity": "likeness of texts to the others of their task (chrF)",
    "near": "of numbers that lie within what people differ by",
    "overlap": "of boxes and what was found (IoU); missed and invented ones count zero",
    "fields": "of a form's fields that say what was found, texts by their likeness",
    "ranking": "of comparisons that say what the scores say; a tie counts half",
}


def _figures(report: RequesterReport) -> Markup:
    accuracy, agreement = report.accuracy, report.agreement
    shown = []
    if report.kind == "labels":
        note = "nobody looked at the truth"
        shown.append(share_figure("Labels that are right, estimated", accuracy.estimate, note, "no label yet"))
    if accuracy.truth:
        shown.append(share_figure("Labels that are right, measured", accuracy.truth, _of(accuracy.truth.count), ""))
    if accuracy.known_answers:
        count = accuracy.known_answers.count
        shown.append(
            share_figure("Known answers found", accuracy.known_answers, f"{count:,} tasks with a known answer", "")
        )
    done = f"of {report.tasks:,}" if report.labelled < report.tasks else "every task"
    what = {"labels": "Tasks labelled", "pairs": "Things ranked"}.get(report.kind, "Tasks with a result")
    shown.append(figure(what, f"{report.labelled:,}", done))
    shown.append(_agreement(agreement))
    cost = report.cost
    if cost and cost.per_label_units is not None:
        shown.append(
            figure("Cost of a label", money(cost.per_label_units, cost.decimals, visible(cost.symbol, 12)), "so far")
        )
    return figures(*shown)


def _agreement(agreement: Agreement) -> Markup:
    alpha, note = agreement.alpha, "of pairs of answers to one task"
    beyond = ""
    if alpha is not None:
        ends = f" ({alpha.low:.2f} to {alpha.high:.2f})" if alpha.low is not None and alpha.high is not None else ""
        beyond = f"beyond chance (Krippendorff's alpha): {alpha.value:.2f}{ends}"
    name = "Agreement between people"
    if agreement.measure is not None:
        what = joined(_MEASURES[agreement.measure], element("br"), beyond)
        return share_figure("Agreement with what was found", agreement.likeness, what, "nothing to compare yet")
    if agreement.pairwise is None:
        return figure(name, f"{alpha.value:.2f}" if alpha else "–", beyond or "no task has two answers yet")
    return share_figure(name, agreement.pairwise, joined(note, element("br"), beyond), "")


def _of(count: int) -> str:
    return f"against the truth of {count:,} tasks"


def _cost(cost: CostView) -> Markup:
    def amount(units: int) -> str:
        return money(units, cost.decimals, visible(cost.symbol, 12))

    parts = [
        Part("Paid to workers", cost.paid_units, "m"),
        Part("Operator fee", cost.operator_fee_units, "r"),
        Part("Returned to you", cost.returned_units, "k"),
        Part("Still in the escrow", cost.held_units, "o"),
    ]
    lead = f"You locked {amount(cost.funded_units)}. What nobody earns comes back."
    return section("Cost", lead, charts.whole("Where the money is", parts, [amount(part.amount) for part in parts]))


def _redundancy(found: Redundancy, cost: CostView) -> Markup:
    def amount(units: int) -> str:
        return money(units, cost.decimals, visible(cost.symbol, 12))

    lead = (
        f"A task was not asked again once its label was {percent(found.target_confidence)} sure, or after "
        f"{found.answers_per_task} answers."
    )
    rows: list[list[Child]] = [
        ["Tasks that are sure enough", f"{found.tasks_at_target:,}"],
        ["Tasks with all their answers", f"{found.tasks_at_cap:,}"],
        ["Tasks with neither", f"{found.tasks_open:,}"],
        ["Answers used", f"{found.answers_used:,}"],
        ["Answers that were not needed", f"{found.answers_saved:,}"],
        ["What those would have cost", amount(found.saved_units)],
        ["Returned to you so far", amount(found.returned_units)],
    ]
    how = element("p", f"To take the rest back: {found.how_to_take_back}.") if found.how_to_take_back else None
    listing = table("What asking only where it pays came to", ["", "Count or amount"], rows, numbers=(1,))
    return section("Answers saved", lead, listing, how)


_VERDICTS = {
    "trusted": "It counts as one more worker, as far as people's answers measured it.",
    "too_little": "It was left out: too few tasks have both its word and people's answers.",
    "no_gain": "It was left out: it foretells people's answers no better than they foretell each other.",
    "echo": "It was left out: where people's skill overrules the plain vote it sides with the vote, as a copy of the "
    "answers would.",
    "known_answers_contradict": "It was left out: it does worse on known answers than on people's labels.",
    "too_many_labels": "It was left out: there are too many labels to measure it.",
}


def _model(found: ModelView, cost: CostView | None) -> Markup:
    lead = joined("The model ", stranger(found.name), f". {_VERDICTS.get(found.verdict, found.verdict)}")
    note = "on people's labels, their doubt taken out"
    shown = [share_figure("Its answers that are right, measured", found.accuracy, note, "not measured yet")]
    if found.known_answers:
        count = found.known_answers.count
        shown.append(share_figure("Known answers it found", found.known_answers, f"{count:,} tasks", ""))
    spared = f"of the tasks' answers; {found.predicted:,} tasks it spoke of"
    if found.answers_without is not None:
        spared = f"of {found.answers_without:,} answers; {found.predicted:,} tasks it spoke of"
    if found.saved_cost is not None:
        spared = f"{spared}; they cost {found.saved_cost:,.10g}"
    if cost and found.saved_units is not None:
        spared = f"worth {money(found.saved_units, cost.decimals, visible(cost.symbol, 12))}"
    if found.stops:
        spared += f", if further workers had agreed; at most {found.stops.answers_saved_at_most:,}"
        shown.append(figure("Tasks it ended early", f"{found.stops.tasks:,}", "people alone are not yet sure enough"))
        held = f"{found.stops.tasks_held_open:,}"
        shown.append(figure("Tasks it keeps open", held, "people alone would be sure enough"))
    spares = "Answers not bought because of it" if found.stops else "Answers it spares for the same confidence"
    shown.append(figure(spares, f"{found.answers_saved:,}", spared))
    shown.append(figure("Labels it changed", f"{found.labels_changed:,}", "nobody's pay depends on it"))
    return section("A model beside people", lead, figures(*shown))


def _confidence(report: RequesterReport) -> Markup:
    lead = "How sure each label is. A label at 90 % should be right nine times in ten."
    used = next((at for at, count in enumerate(report.confidence_bins) if count), 0)
    start = min(used, 5)
    chart = charts.columns("Tasks by confidence", report.confidence_bins[start:], _BINS[start:])
    return section("Confidence", lead, chart)


def _relabel(report: RequesterReport) -> Markup:
    shown = report.relabel[:_SHOWN_RELABEL]
    what = "labels" if report.kind == "labels" else "results"
    lead = f"The {len(shown)} least certain {what}. Another answer tells most here; the JSON report lists more."
    rows: list[list[Child]] = [
        [
            stranger(row.task, 64),
            stranger(row.label),
            percent(row.confidence),
            joined(stranger(row.runner_up), f" ({percent(row.runner_up_confidence or 0)})") if row.runner_up else "–",
            row.answers,
        ]
        for row in shown
    ]
    heads = ("Task", "Label" if report.kind == "labels" else "Result", "Sure", "Or else", "Answers")
    return section("What to ask again", lead, table("Least certain tasks", heads, rows, numbers=(2, 4)))


def _labels(report: RequesterReport) -> Markup:
    rows = [(row.label, row.tasks) for row in report.labels[:_SHOWN_LABELS]]
    more = max(0, len(report.labels) - _SHOWN_LABELS) + report.other_labels
    lead = "How many tasks have each label." + (f" {more:,} rarer labels are not shown." if more else "")
    return section("Labels", lead, charts.bars("Tasks by label", rows))


def _confusion(confusion: Confusion) -> Markup:
    counts = confusion.said_by_true
    labels = confusion.labels
    order = sorted(range(len(labels)), key=lambda at: -sum(row[at] for row in counts))[:_HEAT_LABELS]
    order.sort()
    head = [element("th", stranger(labels[at], 24), scope="col") for at in order]
    rows = []
    for said in order:
        cells = [_cell(counts, said, true) for true in order]
        rows.append(element("tr", element("th", stranger(labels[said], 24), scope="row"), *cells))
    caption = "Columns: what is probably true. Rows: the share of answers to such tasks that said so"
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", element("td", "said ↓ true →", class_="note"), *head)),
        element("tbody", *rows),
        class_="heat",
    )
    lead = "What people take for what. Off the diagonal the label's instructions may be unclear."
    if len(labels) > _HEAT_LABELS:
        lead += f" The {_HEAT_LABELS} most common labels are shown."
    return section("Confusion between labels", lead, scrolling(whole, "Confusion between labels"))


def _cell(counts: list[list[float]], said: int, true: int) -> Markup:
    total = sum(row[true] for row in counts)
    share = counts[said][true] / total if total > 0 else 0.0
    level = min(5, int(share * 5) + 1) if share >= 0.005 else 0
    tone = f"{'d' if said == true else 'e'}{level}" if level else None
    return element("td", percent(share) if level else "0", class_=tone)


_SHOWN_RANKED = 50


def _ranking(report: RequesterReport) -> Markup:
    shown = report.ranking[:_SHOWN_RANKED]
    lead = (
        "Which things are preferred. A score one above another is preferred about 2.7 to 1; scores compare within a "
        "group alone, whose things comparisons connect."
    )
    if len(report.ranking) > len(shown):
        lead += f" The first {len(shown)} are shown; the JSON report lists more."
    rows: list[list[Child]] = [
        [
            stranger(row.thing, 80),
            row.group + 1,
            f"{row.score:.2f}",
            f"± {row.error:.2f}" if row.error is not None else "–",
            f"{row.compared:,}",
        ]
        for row in shown
    ]
    heads = ("Thing", "Group", "Score", "Error", "Comparisons")
    return section("Ranking", lead, table("Things by score", heads, rows, numbers=(1, 2, 3, 4)))


def _people(report: RequesterReport) -> Markup:
    if report.kind != "labels":
        return _people_alike(report)
    people = report.people
    shown = people if len(people) <= _SHOWN_PEOPLE else people[: _SHOWN_PEOPLE // 2] + people[-_SHOWN_PEOPLE // 2 :]
    lead = (
        "How often each person is right, as the labels show it, with the range (95 %) that so few answers leave open."
    )
    if len(shown) < len(people):
        lead += f" Of {len(people):,} the best and the last {_SHOWN_PEOPLE // 2} are shown."
    measured = [
        Whisker(row.worker, row.accuracy, row.low, row.high, f"{row.answers:,} answers")
        for row in shown
        if row.accuracy is not None and row.low is not None and row.high is not None
    ]
    chart = charts.whiskers("Share of right answers by person", measured) if measured else None
    heads = ["Worker", "Answers", "Right", "Range"]
    with_known = any(row.known_seen is not None for row in shown)
    with_verdicts = any(row.accepted is not None for row in shown)
    heads += (["Known answers"] if with_known else []) + (["Accepted", "Rejected"] if with_verdicts else [])
    rows = [_person(row, with_known=with_known, with_verdicts=with_verdicts) for row in shown]
    listing = element(
        "details",
        element("summary", "The same as a table"),
        table("People and their measured skill", heads, rows, numbers=range(1, len(heads))),
    )
    return section("People", lead, chart, listing)


def _people_alike(report: RequesterReport) -> Markup:
    """Where answers are no labels: how like what was found they are."""
    people = report.people
    shown = people if len(people) <= _SHOWN_PEOPLE else people[: _SHOWN_PEOPLE // 2] + people[-_SHOWN_PEOPLE // 2 :]
    lead = "How like what was found each person's answers are, with the range (95 %) that so few answers leave open."
    if len(shown) < len(people):
        lead += f" Of {len(people):,} the best and the last {_SHOWN_PEOPLE // 2} are shown."
    measured = [
        Whisker(row.worker, share.value, share.low, share.high, f"{row.answers:,} answers")
        for row in shown
        if (share := row.agreement) is not None
    ]
    chart = charts.whiskers("Agreement with what was found by person", measured) if measured else None
    with_error = any(row.error is not None for row in shown)
    with_known = any(row.known_seen is not None for row in shown)
    with_verdicts = any(row.accepted is not None for row in shown)
    heads = ["Worker", "Answers", "Agreement", "Range"] + (["Typical error"] if with_error else [])
    heads += (["Known answers"] if with_known else []) + (["Accepted", "Rejected"] if with_verdicts else [])
    rows = []
    for row in shown:
        cells = _person(row, with_known=with_known, with_verdicts=with_verdicts)
        alike = [percent(row.agreement.value), interval(row.agreement)] if row.agreement else ["–", "–"]
        error = [f"{row.error:.6g}" if row.error is not None else "–"] if with_error else []
        rows.append([*cells[:2], *alike, *error, *cells[4:]])
    listing = element(
        "details",
        element("summary", "The same as a table"),
        table("People and their agreement", heads, rows, numbers=range(1, len(heads))),
    )
    return section("People", lead, chart, listing)


def _person(row: WorkerRow, *, with_known: bool, with_verdicts: bool) -> list[Child]:
    right = percent(row.accuracy) if row.accuracy is not None else "–"
    ends = f"{percent(row.low)} to {percent(row.high)}" if row.low is not None and row.high is not None else "–"
    cells: list[Child] = [stranger(row.worker, 64), f"{row.answers:,}", right, ends]
    if with_known:
        cells.append(f"{row.known_right} of {row.known_seen}" if row.known_seen else "–")
    if with_verdicts:
        cells += [row.accepted if row.accepted is not None else "–", row.rejected if row.rejected is not None else "–"]
    return cells


def _method(report: RequesterReport) -> Markup:
    lead = "The same answers and parameters give the same labels and numbers anywhere."
    if report.accuracy.estimate:
        lead += f" The estimate of {interval(report.accuracy.estimate)} rests on the confidences alone."
    raw = visible(json.dumps(report.method, ensure_ascii=True, sort_keys=True), 4_000)
    return section(
        "How this was found", lead, element("details", element("summary", "Method and parameters"), element("pre", raw))
    )
