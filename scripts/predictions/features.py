"""Numbers for a classifier from a file of tasks: what its texts say, how alike they are, and its numbers."""

from __future__ import annotations

import csv
import html
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from piecework.quality.answers import Floats
from scripts.answers_file import FileInvalid

MOST_TEXT_COLUMNS = 6
"""Columns of text that are compared two by two."""
MOST_WORDS = 20_000
_WORD = r"(?u)\b\w+\b"


@dataclass(frozen=True)
class TaskTable:
    """`tasks` by name in file order; `texts` and `numbers`: columns by name, one value a task (NaN where none is)."""

    tasks: tuple[str, ...]
    texts: dict[str, list[str]]
    numbers: dict[str, list[float]]


def read_fields(path: Path) -> dict[str, dict[str, str]]:
    """What workers saw of each task: fields by task, from a CSV with `task` and other columns.

    Raises FileInvalid with what is wrong.
    """
    found: dict[str, dict[str, str]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            names = [name for name in reader.fieldnames or [] if name != "task"]
            if "task" not in (reader.fieldnames or []) or not names:
                raise FileInvalid(f"{path}: its first line must name task and at least one column of what workers saw")
            for row in reader:
                where = f"{path}:{reader.line_num}"
                if None in row or any(row[name] is None for name in ("task", *names)):
                    raise FileInvalid(f"{where}: expected {len(names) + 1} fields")
                task = row["task"].strip()
                if not task or task in found:
                    raise FileInvalid(f"{where}: task {task!r} " + ("is there twice" if task else "has no name"))
                found[task] = {name: html.unescape(row[name].strip()) for name in names}
    except FileNotFoundError as error:
        raise FileInvalid(f"{path} does not exist") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileInvalid(f"{path} cannot be read as UTF-8 CSV: {error}") from error
    if not found:
        raise FileInvalid(f"{path} holds no tasks")
    return found


def read_tasks(path: Path) -> TaskTable:
    """The same as columns, numbers apart from texts. Raises FileInvalid."""
    return table_of(read_fields(path))


def table_of(fields: Mapping[str, Mapping[str, str]]) -> TaskTable:
    """What tasks show, by task and name, as columns; of what a task does not show the text is empty."""
    names = dict.fromkeys(name for each in fields.values() for name in each)
    columns = {name: [each.get(name, "") for each in fields.values()] for name in names}
    numbers = {name: values for name, column in columns.items() if (values := _numbers(column)) is not None}
    texts = {name: column for name, column in columns.items() if name not in numbers}
    return TaskTable(tuple(fields), texts, numbers)


def _numbers(column: list[str]) -> list[float] | None:
    """None unless every value that is there is a finite number."""
    values = []
    for text in column:
        try:
            value = float(text) if text else math.nan
        except ValueError:
            return None
        if math.isinf(value) or (text and math.isnan(value)):
            return None
        values.append(value)
    return values if any(not math.isnan(value) for value in values) else None


def features_of(table: TaskTable) -> Any:
    """A sparse matrix (tasks, features): TF-IDF of words and pairs of words, likeness of texts, numbers."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    parts = []
    names = list(table.texts)[:MOST_TEXT_COLUMNS]
    if names:
        whole = [" \n ".join(texts) for texts in zip(*(table.texts[name] for name in table.texts), strict=True)]
        words = TfidfVectorizer(ngram_range=(1, 2), max_features=MOST_WORDS, sublinear_tf=True, token_pattern=_WORD)
        if any(words.build_analyzer()(text) for text in whole):
            parts.append(words.fit_transform(whole))
    alike = [_likeness(table.texts[one], table.texts[other]) for one, other in itertools.combinations(names, 2)]
    dense = [column for columns in alike for column in columns]
    for values in table.numbers.values():
        dense += _standardised(np.array(values))
    if dense:
        parts.append(csr_matrix(np.stack(dense, axis=1)))
    return hstack(parts, format="csr") if parts else csr_matrix((len(table.tasks), 1))


def _likeness(one: list[str], other: list[str]) -> list[Floats]:
    """How alike two texts of each task are: by words, by letters, and the share of each one's words in the other."""
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

    columns: list[Floats] = []
    for vectorizer in (
        TfidfVectorizer(token_pattern=_WORD),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=50_000),
    ):
        if any(vectorizer.build_analyzer()(text) for text in one + other):
            vectorizer.fit(one + other)
            product = vectorizer.transform(one).multiply(vectorizer.transform(other)).sum(axis=1)
            columns.append(np.asarray(product).ravel())
    words = CountVectorizer(binary=True, token_pattern=_WORD)
    if any(words.build_analyzer()(text) for text in one + other):
        words.fit(one + other)
        left, right = words.transform(one), words.transform(other)
        both = np.asarray(left.multiply(right).sum(axis=1)).ravel()
        columns += [both / np.maximum(np.asarray(side.sum(axis=1)).ravel(), 1.0) for side in (left, right)]
    return [column for each in columns for column in _standardised(each)]


def _standardised(values: Floats) -> list[Floats]:
    """Mean 0 and deviation 1; where something is missing a second column says so."""
    missing = np.isnan(values)
    known = values[~missing]
    spread = float(known.std()) or 1.0
    filled = np.where(missing, 0.0, (values - known.mean()) / spread)
    return [filled, missing.astype(np.float64)] if missing.any() else [filled]
