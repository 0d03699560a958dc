"""Label Studio's form: every answer of every task type comes back from it, and the interface names what is used."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.domain.answers import check_answer
from piecework.domain.task_types import TASK_TYPES, example
from piecework.files import label_studio
from piecework.files.label_studio import TASK_KEY, Interface, answer_of, array, content_of, regions_of
from piecework.files.outcomes import outcome
from tests.piecework.files.answers import SCHEMAS, TEXTS, answers

CID = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
NAMES = sorted(TASK_TYPES)
PAYLOADS = "https://gateway.example/v1/payloads"


def interface(name: str) -> Interface:
    fields = dict.fromkeys(field for task in example(name)["tasks"] for field in task["content"])
    return Interface(name, SCHEMAS[name], tuple(fields), PAYLOADS)


def same(found: Any, wanted: Any) -> bool:
    """As JSON; a box's place went over percents."""
    if isinstance(wanted, list) and wanted and isinstance(wanted[0], dict):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, dict) and "width" in wanted:
        places = ("x", "y", "width", "height")
        return found["label"] == wanted["label"] and all(abs(found[n] - wanted[n]) < 1e-11 for n in places)
    return json.dumps(found, sort_keys=True) == json.dumps(wanted, sort_keys=True)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_every_answer_comes_back(name: str, data: st.DataObject) -> None:
    answer = data.draw(answers(SCHEMAS[name]))
    written = json.loads(json.dumps(regions_of(answer, SCHEMAS[name], "text")))

    assert same(answer_of(written, SCHEMAS[name]), answer), written


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_the_answers_that_are_tried_fit_their_schema(name: str, data: st.DataObject) -> None:
    check_answer(data.draw(answers(SCHEMAS[name])), SCHEMAS[name])


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_what_is_written_names_controls_and_objects_of_the_interface(name: str, data: st.DataObject) -> None:
    shown = interface(name)
    content = example(name)["tasks"][0]["content"]
    answer = data.draw(answers(SCHEMAS[name]))
    given_answer = {"worker": "0x1", "answer": answer, "decision": "accepted", "reason": "fits"}
    made = shown.task(outcome("t1", content, {"label": answer, "confidence": 0.5}, [given_answer]))
    root = ElementTree.fromstring(shown.config())  # noqa: S314 - our own
    tags = {tag.get("name"): tag for tag in root.iter() if tag.get("name")}
    kinds = {"Choices": "choices", "TextArea": "textarea", "Number": "number", "DateTime": "datetime"}
    kinds |= {"RectangleLabels": "rectanglelabels"}

    for region in made["annotations"][0]["result"] + made["predictions"][0]["result"]:
        control = tags[region["from_name"]]
        assert control.get("toName") == region["to_name"]
        assert kinds[control.tag] == region["type"]
        options = {choice.get("value") for choice in control}
        values = region["value"].get("choices") or region["value"].get("rectanglelabels") or []
        assert set(values) <= options
    for tag in tags.values():
        if tag.get("value", "").startswith("$"):
            assert tag.get("value", "")[1:] in made["data"], "Label Studio refuses tasks without a shown field"
        else:
            assert tag.get("toName") in tags


@pytest.mark.parametrize("name", NAMES)
def test_contents_come_back_with_their_names(name: str) -> None:
    shown = interface(name)
    for number, task in enumerate(example(name)["tasks"]):
        found = json.loads(json.dumps(shown.task(outcome(f"t{number}", task["content"], None, []))))
        assert content_of(found["data"]) == (f"t{number}", task["content"])
        assert (found["annotations"], found["predictions"]) == ([], [])


def test_a_pinned_file_is_an_address_there_and_a_cid_here() -> None:
    shown = Interface("choice", {"enum": ["a"]}, ("image",), PAYLOADS)
    made = shown.task(outcome("t", {"image": CID}, None, []))
    assert made["data"] == {"image": f"{PAYLOADS}/{CID}", TASK_KEY: "t"}
    assert content_of(made["data"]) == ("t", {"image": CID})


def test_labels_are_predictions_and_rejected_answers_are_cancelled() -> None:
    given_answers = [
        {"worker": "0x1", "answer": "a", "decision": "accepted", "reason": "fits"},
        {"worker": "0x2", "answer": "b", "decision": "rejected", "reason": "careless"},
    ]
    shown = Interface("choice", {"enum": ["a", "b"]}, ("text",))
    made = shown.task(outcome("t", {"text": "x"}, {"label": "a", "confidence": 0.9}, given_answers))
    assert [item["was_cancelled"] for item in made["annotations"]] == [False, True]
    assert made["annotations"][1]["result"][0]["meta"]["reason"] == "careless"
    assert made["predictions"][0]["score"] == 0.9
    assert made["predictions"][0]["result"][0]["value"] == {"choices": ["a"]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["label", "x", "rule"]), inner),
    max_leaves=4,
)


@pytest.mark.parametrize("name", NAMES)
@given(label=JSON)
def test_a_label_that_is_no_answer_is_no_prediction_and_breaks_nothing(name: str, label: Any) -> None:
    found = interface(name).task(outcome("t", {}, {"label": label, "confidence": None}, []))
    for prediction in found["predictions"]:
        if prediction["result"]:
            check_answer(label, SCHEMAS[name])
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("choice", ["\x01", "<&>", '"', "\u2028", "\ufffe", "😀", "a\nb"])
def test_an_interface_is_xml_whatever_the_choices_are(choice: str) -> None:
    root = ElementTree.fromstring(Interface("choice", {"enum": [choice, "b"]}, ("text",)).config())  # noqa: S314
    assert len(list(root.iter("Choice"))) == 2


def test_choices_that_look_alike_stay_apart() -> None:
    schema = {"enum": ["1", 1, "true", True, "yes", '"1"']}
    for choice in schema["enum"]:
        found = answer_of(regions_of(choice, schema, "text"), schema)
        assert (found, type(found)) == (choice, type(choice))


@pytest.mark.parametrize("schema", [{"oneOf": [{"type": "string"}, {"type": "array"}]}, {"type": "object"}])
@pytest.mark.parametrize("answer", ["a", ["b", 1], {"c": None}])
def test_a_schema_of_ones_own_comes_back_too(schema: Any, answer: Any) -> None:
    assert answer_of(regions_of(answer, schema, "text"), schema) == answer


@pytest.mark.parametrize(
    "regions", [[{"from_name": "other", "value": {}}], [{"from_name": "answer", "value": {"choices": ["a"]}}] * 2]
)
def test_regions_of_another_interface_are_refused(regions: Any) -> None:
    with pytest.raises(ValueError, match=r"no control|regions where"):
        answer_of(regions, {"enum": ["a"]})


@given(st.lists(st.dictionaries(TEXTS, TEXTS, max_size=2), max_size=5))
def test_tasks_stand_in_an_array_a_line_each(tasks: list[dict[str, str]]) -> None:
    text = "".join(array(tasks))
    assert json.loads(text) == tasks
    assert len(text.split("\n")) == (len(tasks) + 3 if tasks else 2)


def test_a_control_that_forgets_its_choices_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: every choice is read as text."""
    monkeypatch.setattr(label_studio, "_name", str)
    with pytest.raises(AssertionError):
        test_choices_that_look_alike_stay_apart()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("label", ["odd", 5, [1], [{"label": "a"}], {"a": {}}, True, [[]]])
def test_a_label_that_fits_no_schema_breaks_no_file(name: str, label: Any) -> None:
    content = example(name)["tasks"][0]["content"]
    made = interface(name).task(outcome("t1", content, {"label": label, "confidence": None}, []))

    assert json.loads("".join(array([made]))) == [made]
    assert isinstance(made["predictions"][0]["result"], list)
