"""Bounding boxes: found where several see them, dropped where one alone does, and "nothing here" is an answer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piecework.quality import box_places
from piecework.quality.answers import AnswersInvalid, Floats
from piecework.quality.box_places import matched, overlap
from piecework.quality.boxes import MOST_BOXES, Boxes, Consensus, boxes_of, find_things, fit_answers
from piecework.quality.infer import Parameters

Box = tuple[float, float, float, float]
CAT: Box = (0.1, 0.1, 0.2, 0.2)
DOG: Box = (0.6, 0.6, 0.3, 0.2)


@dataclass
class Drawing:
    """Answers as they come in."""

    task: list[int] = field(default_factory=list)
    worker: list[int] = field(default_factory=list)
    answer: list[int] = field(default_factory=list)
    label: list[int] = field(default_factory=list)
    place: list[Box] = field(default_factory=list)

    def add(self, task: int, worker: int, *drawn: Box | tuple[Box, int]) -> None:
        for one in drawn:
            box, label = one if len(one) == 2 else (one, 0)  # type: ignore[misc]
            self.answer.append(len(self.task))
            self.label.append(label)
            self.place.append(box)
        self.task.append(task)
        self.worker.append(worker)

    def boxes(self, labels: int = 2) -> Boxes:
        return boxes_of(self.task, self.worker, self.answer, self.label, self.place, labels=labels)


def near(box: Box, shift: float) -> Box:
    return (box[0] + shift, box[1] - shift, box[2], box[3])


def slow_overlap(one: Box, other: Box) -> float:
    """By counting the cells of a fine grid."""
    x, y = np.meshgrid((np.arange(2000) + 0.5) / 1000, (np.arange(2000) + 0.5) / 1000)
    inside = [(x > b[0]) & (x < b[0] + b[2]) & (y > b[1]) & (y < b[1] + b[3]) for b in (one, other)]
    return float((inside[0] & inside[1]).sum() / (inside[0] | inside[1]).sum())


def test_overlap_is_what_counting_cells_says() -> None:
    random = np.random.default_rng(1)
    for _ in range(10):
        one, other = (tuple(np.round(random.random(4) * 0.9 + 0.05, 3)) for _ in range(2))
        assert overlap(np.array(one), np.array(other)) == pytest.approx(slow_overlap(one, other), abs=0.01)
    assert overlap(np.array(CAT), np.array(CAT)) == pytest.approx(1)
    assert overlap(np.array(CAT), np.array(DOG)) == 0


def test_things_that_several_see_are_found_in_the_middle_and_one_that_one_alone_sees_is_not() -> None:
    drawing = Drawing()
    drawing.add(0, 0, near(CAT, 0.0), (DOG, 1))
    drawing.add(0, 1, near(CAT, 0.01), (near(DOG, 0.01), 1))
    drawing.add(0, 2, near(CAT, 0.02), (near(DOG, 0.02), 1), (0.4, 0.1, 0.1, 0.1))
    found = find_things(drawing.boxes())
    assert found.task.tolist() == [0, 0]
    by_label = np.argsort(found.label)
    assert found.label[by_label].tolist() == [0, 1]
    assert found.place[by_label] == pytest.approx(np.array([near(CAT, 0.01), near(DOG, 0.01)]))
    assert found.support.tolist() == [1, 1]
    assert (found.agreement > 0.85).all()
    assert found.thing[-1] == -1, "the box that one alone drew shows nothing"
    assert (found.confidence > 0.8).all()
    assert found.skill[2] < found.skill[0] == pytest.approx(found.skill[1])


def test_nothing_here_is_an_answer_that_outvotes_and_that_makes_a_worker_skilled() -> None:
    drawing = Drawing()
    for task in range(6):
        for worker in range(3):
            drawing.add(task, worker)
        drawing.add(task, 3, CAT)
    found = find_things(drawing.boxes())
    assert found.place.shape == (0, 4)
    assert found.skill[:3].min() > 0.9
    assert found.skill[3] < 0.5
    assert (found.task_confidence > 0.5).all()
    empty = Drawing()
    empty.add(0, 0)
    empty.add(0, 1)
    nothing = find_things(empty.boxes())
    assert nothing.place.shape == (0, 4)
    assert 0.5 < nothing.task_confidence[0] < 1


def test_one_worker_who_draws_many_copies_of_a_box_is_one_voice_and_no_skilled_one() -> None:
    drawing = Drawing()
    for task in range(8):
        drawing.add(task, 0, CAT)
        drawing.add(task, 1, near(CAT, 0.01))
        drawing.add(task, 2, near(CAT, -0.01), *(near(DOG, 0.001 * copy) for copy in range(20)))
    found = find_things(drawing.boxes())
    assert found.task.tolist() == list(range(8)), "the cat of each picture, and none of 160 dogs"
    assert found.support.tolist() == [1.0] * 8
    assert found.skill[2] < 0.5 < found.skill[0]


def test_copies_of_a_thing_that_all_see_are_counted_once() -> None:
    drawing = Drawing()
    for worker in range(3):
        drawing.add(0, worker, *(near(CAT, 0.001 * copy) for copy in range(5 if worker == 0 else 1)))
    assert find_things(drawing.boxes()).place.shape == (1, 4)


def test_two_kinds_in_one_place_are_two_things_and_a_quarrel_about_the_kind_is_one() -> None:
    both = Drawing()
    for worker in range(3):
        both.add(0, worker, (CAT, 0), (near(CAT, 0.005), 1))
    assert sorted(find_things(both.boxes()).label.tolist()) == [0, 1]
    quarrel = Drawing()
    for worker, label in enumerate([1, 1, 0, 1]):
        quarrel.add(0, worker, (near(CAT, 0.005 * worker), label))
    found = find_things(quarrel.boxes())
    assert found.label.tolist() == [1]
    assert found.support.tolist() == [0.75]
    assert found.place[0, 0] == pytest.approx(0.105), "who sees another kind does not move the box"


def scene(seed: int, *, tasks: int = 60, workers: int = 12, per_task: int = 5) -> tuple[Drawing, list[Floats]]:
    """Workers 0, 4, 8 miss half of the things and invent others; the rest miss a tenth."""
    random = np.random.default_rng(seed)
    drawing, truth = Drawing(), []
    for task in range(tasks):
        count = random.integers(0, 4)
        # Things on a grid, which do not overlap.
        cells = random.permutation(9)[:count]
        truth.append(np.column_stack([cells % 3 / 3 + 0.02, cells // 3 / 3 + 0.02, np.full((count, 2), 0.2)]))
        for worker in random.permutation(workers)[:per_task].tolist():
            poor = worker % 4 == 0
            seen = [box for box in truth[-1] if random.random() > (0.5 if poor else 0.1)]
            if random.random() < (0.7 if poor else 0.05):
                seen.append(np.array([*random.random(2) * 0.8, 0.15, 0.15]))
            drawing.add(task, worker, *((*(box[:2] + random.normal(0, 0.01, 2)), *box[2:]) for box in seen))
    return drawing, truth


def f1(found: Consensus, truth: list[Floats]) -> float:
    pairs = zip(found.task, found.place, strict=True)
    right = sum(any(overlap(place, box) >= 0.5 for box in truth[task]) for task, place in pairs)
    return 2 * right / (len(found.place) + sum(map(len, truth)))


def test_things_of_simulated_pictures_are_found_better_than_by_any_worker_and_skills_are_told_apart() -> None:
    drawing, truth = scene(1)
    found = find_things(drawing.boxes())
    assert f1(found, truth) > 0.95
    poor = found.skill[::4]
    assert poor.max() < np.delete(found.skill, [0, 4, 8]).min()
    assert found.confidence.mean() > 0.9


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_000), st.randoms(use_true_random=False))
def test_order_of_boxes_and_names_change_nothing(seed, random) -> None:  # type: ignore[no-untyped-def]
    drawing, _ = scene(seed, tasks=6)
    fixed = Parameters(model="one_coin", correlation=0.1)
    plain = find_things(drawing.boxes(), fixed)
    tasks, workers, order = list(range(6)), list(range(12)), list(range(len(drawing.place)))
    for names in (tasks, workers, order):
        random.shuffle(names)
    named = Drawing(
        [tasks[t] for t in drawing.task],
        [workers[w] for w in drawing.worker],
        [drawing.answer[i] for i in order],
        [drawing.label[i] for i in order],
        [drawing.place[i] for i in order],
    )
    columns = named.task, named.worker, named.answer, named.label, named.place
    other = find_things(boxes_of(*columns, tasks=6, workers=12, labels=2), fixed)
    assert np.allclose(other.skill[workers][: plain.skill.size], plain.skill)
    assert np.allclose(other.task_confidence[tasks], plain.task_confidence)
    one = np.array(sorted((tasks[t], *p.round(9)) for t, p in zip(plain.task, plain.place, strict=True)))
    two = np.array(sorted((t, *p.round(9)) for t, p in zip(other.task, other.place, strict=True)))
    assert one == pytest.approx(two)


def test_the_unit_of_places_changes_nothing() -> None:
    drawing, _ = scene(3, tasks=10)
    plain = find_things(drawing.boxes(labels=1))
    scaled = boxes_of(drawing.task, drawing.worker, drawing.answer, drawing.label, 640 * np.array(drawing.place))
    pixels = find_things(scaled)
    assert pixels.place == pytest.approx(640 * plain.place)
    assert pixels.confidence == pytest.approx(plain.confidence)


def test_many_boxes_need_no_whole_table_of_boxes_by_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(4)
    things = [(float(x), float(y), 0.02, 0.02) for x, y in np.argwhere(np.ones((20, 20))) / 20]
    drawing = Drawing()
    for worker in range(5):
        drawing.add(0, worker, *(near(box, float(random.normal(0, 0.001))) for box in things))
    whole = find_things(drawing.boxes())
    monkeypatch.setattr(box_places, "_CELLS", 5_000)
    parts = find_things(drawing.boxes())
    assert len(whole.place) == 400
    assert parts.place.tobytes() == whole.place.tobytes()


def test_no_answers_and_a_lone_answer_are_no_error() -> None:
    none = find_things(boxes_of([], [], [], [], []))
    assert none.place.shape == (0, 4)
    lone = Drawing()
    lone.add(0, 0, CAT)
    found = find_things(lone.boxes())
    assert found.compared.tolist() == [0]
    assert found.skill[0] == pytest.approx(0.7)
    assert len(found.place) in (0, 1)


@pytest.mark.parametrize(
    "place",
    [
        (0.1, 0.1, 0.0, 0.2),
        (0.1, 0.1, 0.2, -0.2),
        (float("nan"), 0, 1, 1),
        (0, 0, float("inf"), 1),
        (0, 0, 1e308, 1e308),
    ],
)
def test_a_box_without_area_or_a_finite_place_is_refused_by_its_number(place: Box) -> None:
    with pytest.raises(AnswersInvalid, match="box 1 has no area or a side that is no number"):
        boxes_of([0], [0], [0, 0], [0, 0], [CAT, place])


def test_boxes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(AnswersInvalid, match="answered a task twice"):
        boxes_of([0, 0], [0, 0], [0], [0], [CAT])
    with pytest.raises(AnswersInvalid, match="answer numbers"):
        boxes_of([0], [0], [1], [0], [CAT])
    with pytest.raises(AnswersInvalid, match="as many"):
        boxes_of([0], [0], [0, 0], [0], [CAT])
    with pytest.raises(AnswersInvalid, match="at most 20000"):
        many = MOST_BOXES + 1
        boxes_of([0], [0], [0] * many, [0] * many, [CAT] * many)


def test_each_answer_is_held_beside_what_was_found() -> None:
    drawing = Drawing()
    drawing.add(0, 0, CAT, (DOG, 1))
    drawing.add(0, 1, CAT, (DOG, 1))
    drawing.add(0, 2, CAT, (0.4, 0.1, 0.1, 0.1))
    drawing.add(1, 0)
    drawing.add(1, 1)
    drawing.add(1, 2, CAT)
    boxes = drawing.boxes()
    fits = fit_answers(boxes, find_things(boxes))
    assert fits.drawn.tolist() == [2, 2, 2, 0, 0, 1]
    assert fits.there.tolist() == [2, 2, 2, 0, 0, 0]
    assert fits.hits.tolist() == [2, 2, 1, 0, 0, 0]
    assert fits.f1 == pytest.approx([1, 1, 0.5, 1, 1, 0])
    assert fits.likeness == pytest.approx([1, 1, 1 / 3, 1, 1, 0]), "what is missed or invented counts zero"


def test_a_box_of_another_kind_shows_nothing_that_was_found() -> None:
    drawing = Drawing()
    for worker, label in enumerate([1, 1, 0]):
        drawing.add(0, worker, (CAT, label))
    boxes = drawing.boxes()
    assert fit_answers(boxes, find_things(boxes)).hits.tolist() == [1, 1, 0]


def test_boxes_are_matched_once_each_the_best_first_and_by_their_label() -> None:
    ours = np.array([CAT, near(CAT, 0.01), DOG])
    true = np.array([near(CAT, 0.02), DOG])
    assert matched(np.array([0, 0, 1]), ours, np.array([0, 1]), true) == 2
    assert matched(np.array([0, 0, 1]), ours, np.array([1, 0]), true) == 0
    assert matched(np.array([0]), ours[:1], np.array([], dtype=np.int64), np.zeros((0, 4))) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_an_answers_likeness_is_never_above_its_f1_and_one_alone_fits_itself(seed: int) -> None:
    boxes = scene(seed, tasks=8, workers=5, per_task=3)[0].boxes()
    fits = fit_answers(boxes, find_things(boxes))
    assert ((fits.likeness >= 0) & (fits.likeness <= fits.f1 + 1e-9)).all()
    assert (fits.hits <= np.minimum(fits.drawn, fits.there)).all()
