"""Label Studio's JSON and labelling interface, made from a batch's answer schema.

Each part of an answer is one control: a choice is `Choices`, a text `TextArea`, a number `Number`, a date `DateTime`,
boxes are `RectangleLabels`; the fields of an object are controls of their own. So what is written for any task type can
be read back by the schema alone. The labels become predictions, workers' answers annotations; a rejected one is marked
as cancelled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from xml.sax.saxutils import quoteattr

from piecework.domain.answers import AnswerInvalid, check_answer
from piecework.domain.task_types import task_type
from piecework.files.outcomes import Outcome

TASK_KEY = "piecework_task"
"""The field of a task's `data` that names it."""
ANSWER = "answer"
"""The control of an answer that is no object; before a dot, of one that is: `answer.decision`."""
_TAGS = {"image": "Image", "image_a": "Image", "image_b": "Image", "audio": "Audio"}
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TABLES = ("left", "right", "record")
_DATE = "YYYY-MM-DD"
_AT_GATEWAY = re.compile(r"/v1/payloads/(b[a-z2-7]{20,110})\Z")
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Interface:
    """Of one batch. `fields`: of its tasks' contents. `payload_url`: where pinned files are, up to their CIDs."""

    kind: str
    schema: Json
    fields: tuple[str, ...]
    payload_url: str | None = None

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """What a person sees: the type's fields that this batch has; its tasks' names, if there is nothing else."""
        return tuple(name for name in task_type(self.kind).shows if name in self.fields) or (TASK_KEY,)

    @property
    def target(self) -> str:
        """The object that controls are about."""
        return next((name for name in self.shown if name in _TAGS), self.shown[-1])

    def config(self) -> str:
        """The labelling interface (XML), for the project's settings."""
        controls = [line for name, inner in _parts(self.schema) for line in _control(name, inner, self.target)]
        lines = [*(_object(name) for name in self.shown), *controls]
        return "\n".join(["<View>", *(f"  {line}" for line in lines), "</View>"]) + "\n"

    def task(self, found: Outcome) -> dict[str, Any]:
        """One task of an import. Every field that is shown is there, if empty: Label Studio insists."""
        data = dict.fromkeys(self.shown, "") | {n: self._data(n, v) for n, v in found["content"].items()}
        made: dict[str, Any] = {"data": data | {TASK_KEY: found["task"]}, "annotations": [], "predictions": []}
        for answer in found["answers"]:
            told = {name: answer[name] for name in ("worker", "decision", "reason")}
            regions = [region | {"meta": told} for region in regions_of(answer["answer"], self.schema, self.target)]
            made["annotations"].append({"result": regions, "was_cancelled": answer["decision"] == "rejected"})
        if found["label"] is not None:
            prediction = {"model_version": "piecework", "result": self._label(found["label"])}
            score = {} if found["confidence"] is None else {"score": found["confidence"]}
            made["predictions"].append(prediction | score)
        return made

    def _label(self, label: Any) -> list[dict[str, Any]]:
        """Nothing for what is no answer of this batch: a reviewer may write any label into a results file."""
        try:
            check_answer(label, dict(self.schema))
        except AnswerInvalid:
            return []
        return regions_of(label, self.schema, self.target)

    def _data(self, name: str, value: Any) -> Any:
        is_pinned = name in _TAGS and isinstance(value, str) and not value.startswith("https://")
        return f"{self.payload_url}/{value}" if is_pinned and self.payload_url else value


def content_of(data: Json) -> tuple[str | None, dict[str, Any]]:
    """The task's name, if it has one of ours, and its content, from a task's `data`."""
    content = {name: _pinned(name, value) for name, value in data.items() if name != TASK_KEY and value != ""}
    named = data.get(TASK_KEY)
    return (None if named is None else str(named)), content


def _pinned(name: str, value: Any) -> Any:
    """A pinned file's CID for its address at a gateway."""
    found = _AT_GATEWAY.search(value) if name in _TAGS and isinstance(value, str) else None
    return found[1] if found else value


def array(tasks: Iterable[Json]) -> Iterator[str]:
    """A JSON array, a task a line."""
    before = "[\n"
    for made in tasks:
        yield before + json.dumps(made, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def regions_of(answer: Any, schema: Json, target: str) -> list[dict[str, Any]]:
    """An answer as Label Studio's `result`. What does not fit the schema is written as JSON in a text: a reviewer may
    have settled with any label."""
    try:
        return _fitting(answer, schema, target)
    except (TypeError, KeyError, IndexError, AttributeError):
        text = {"text": [json.dumps(answer, ensure_ascii=False)]}
        return [{"id": f"{ANSWER}-1", "from_name": ANSWER, "to_name": target, "type": "textarea", "value": text}]


def _fitting(answer: Any, schema: Json, target: str) -> list[dict[str, Any]]:
    found = []
    for name, inner in _parts(schema):
        value = answer if name == ANSWER else answer.get(name.partition(".")[2], _ABSENT)
        if value is _ABSENT:
            continue
        for number, (kind, written) in enumerate(_written(value, inner), start=1):
            region = {"id": f"{name}-{number}", "from_name": name, "to_name": target, "type": kind, "value": written}
            found.append(region)
    return found


def answer_of(regions: Iterable[Json], schema: Json) -> Any:
    """The answer that `regions_of` was given. Raises ValueError for regions of another interface."""
    by_name: dict[str, list[Json]] = {}
    for region in regions:
        by_name.setdefault(str(region["from_name"]), []).append(region["value"])
    parts = dict(_parts(schema))
    if strange := set(by_name) - set(parts):
        raise ValueError(f"no control {sorted(strange)[0]!r} in this interface")
    if ANSWER in parts:
        return _read(by_name.get(ANSWER, []), parts[ANSWER])
    return {name.partition(".")[2]: _read(by_name[name], inner) for name, inner in parts.items() if name in by_name}


_ABSENT = object()


def _parts(schema: Json) -> list[tuple[str, Json]]:
    """The controls of an answer with the schema of each."""
    properties = schema.get("properties")
    if schema.get("type") == "object" and properties and schema.get("additionalProperties") is False:
        return [(f"{ANSWER}.{name}", inner) for name, inner in properties.items()]
    return [(ANSWER, schema)]


def _kind(schema: Json) -> str:
    items = schema.get("items")
    if "enum" in schema:
        return "choice"
    if isinstance(items, dict) and "enum" in items:
        return "choices"
    if isinstance(items, dict) and "width" in items.get("properties", {}):
        return "boxes"
    if schema.get("description") == _DATE:
        return "date"
    kinds = {"boolean": "yes_no", "string": "text", "integer": "number", "number": "number"}
    return kinds.get(str(schema.get("type")), "json")


def _written(value: Any, schema: Json) -> Iterator[tuple[str, Json]]:
    """Type and value of each region."""
    kind = _kind(schema)
    if kind == "choice":
        yield "choices", {"choices": [_name(value)]}
    elif kind == "choices":
        yield "choices", {"choices": [_name(item) for item in value]}
    elif kind == "yes_no":
        yield "choices", {"choices": ["yes" if value else "no"]}
    elif kind == "number":
        yield "number", {"number": value}
    elif kind == "date":
        yield "datetime", {"datetime": value}
    elif kind == "boxes":
        for box in value:
            place = {name: box[name] * 100 for name in ("x", "y", "width", "height")}
            yield "rectanglelabels", {**place, "rotation": 0, "rectanglelabels": [box["label"]]}
    else:
        yield "textarea", {"text": [value if kind == "text" else json.dumps(value, ensure_ascii=False)]}


def _read(values: list[Json], schema: Json) -> Any:
    kind = _kind(schema)
    if kind == "boxes":
        return [_box(value) for value in values]
    if kind == "choices":
        names = {_name(item): item for item in schema["items"]["enum"]}
        return [names[name] for value in values for name in value["choices"]]
    if len(values) != 1:
        raise ValueError(f"{len(values)} regions where an answer has one")
    value = values[0]
    if kind == "choice":
        return {_name(item): item for item in schema["enum"]}[value["choices"][0]]
    if kind == "yes_no":
        return value["choices"] == ["yes"]
    if kind == "number":
        return value["number"]
    if kind == "date":
        return value["datetime"]
    text = "\n".join(value["text"]) if isinstance(value["text"], list) else value["text"]
    return text if kind == "text" else json.loads(text)


def _box(value: Json) -> dict[str, Any]:
    """Fractions again; ten digits are more than a pixel needs, and undo what the way over percents added."""
    place = {name: round(value[name] / 100, 12) for name in ("x", "y", "width", "height")}
    return {"label": value["rectanglelabels"][0], **place}


def _name(choice: Any) -> str:
    """A choice's text; of one that is none, or looks like one that is none, its JSON."""
    if isinstance(choice, str):
        try:
            json.loads(choice)
        except ValueError:
            return choice
    return json.dumps(choice, ensure_ascii=False)


def _quoted(text: str) -> str:
    """For an attribute; what XML cannot hold is shown as unknown."""
    return quoteattr(_NO_XML.sub("\ufffd", text))


def _object(name: str) -> str:
    tag = "Table" if name in _TABLES else _TAGS.get(name, "HyperText" if name == "url" else "Text")
    return f'<{tag} name="{name}" value="${name}"/>'


def _control(name: str, schema: Json, target: str) -> Iterator[str]:
    about = f"name={_quoted(name)} toName={_quoted(target)}"
    kind = _kind(schema)
    if kind in ("choice", "choices", "yes_no"):
        named = {"choice": schema.get("enum"), "choices": schema.get("items", {}).get("enum"), "yes_no": None}[kind]
        values = ["yes", "no"] if named is None else [_name(item) for item in named]
        choice = "multiple" if kind == "choices" else "single"
        yield f'<Choices {about} choice="{choice}">'
        yield from (f"  <Choice value={_quoted(value)}/>" for value in values)
        yield "</Choices>"
    elif kind == "boxes":
        yield f"<RectangleLabels {about}>"
        for label in schema["items"]["properties"]["label"]["enum"]:
            yield f"  <Label value={_quoted(label)}/>"
        yield "</RectangleLabels>"
    elif kind == "number":
        yield f"<Number {about}/>"
    elif kind == "date":
        yield f'<DateTime {about} only="date" format="%Y-%m-%d"/>'
    else:
        yield f'<TextArea {about} maxSubmissions="1" editable="true"/>'
