"""Writes a picture of every page of the web app at two widths and in both themes, and of many in Arabic.

Run as `python -m tools.screenshots FOLDER [KIND...]`; it starts a stack with practice work, and needs Chromium. With
kinds of windows, such as `desk-light` or `phone-dark-ar`, only their pictures are taken.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from piecework.domain.task_types import example
from scripts.stack.running import running_stack
from tests.frontend.browser import chromium, running_browser
from tests.frontend.funded import recording
from tests.frontend.staged import keys_of, staged_dispute
from tools.screenshots import drawings, tours
from tools.screenshots.camera import SCREENS, THEMES, Camera
from tools.screenshots.people import People

KINDS = (
    "survey", "file", "external", "web_research", "data_entry", "preference", "entity_match", "moderation",
    "transcription", "translation", "text", "boxes", "multiple_choice", "choice",
)  # fmt: skip
ARABIC = (("desk", "light"), ("phone", "dark"))


def task_types(people: People, browser: Any, windows: int) -> dict[str, str]:
    """A funded batch of each task type, with work for each window: the examples that the API gives, with files."""
    drawn = {name: drawings.png(browser, getattr(drawings, name.upper())) for name in ("street", "receipt", "market")}
    files = {name: people.upload(data) for name, data in drawn.items()}
    files["call"] = people.upload(recording(42))
    batches = {}
    for kind in KINDS:
        batch = example(kind) | {"answers_per_task": windows}
        for task in batch["tasks"]:
            content = task["content"]
            for name in ("image", "audio"):
                if name in content:
                    content[name] = files[content[name].rpartition("/")[2].partition("-")[0]]
        batches[kind] = people.fund(batch)
    return batches


def main(folder: Path, kinds: Sequence[str] = ()) -> int:
    if chromium() is None:
        print("no Chromium on this machine: install Debian's chromium, or name one in PIECEWORK_CHROMIUM")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="piecework-") as data,
        running_browser() as browser,
        running_stack(Path(data), practice=True) as facts,
    ):
        windows = [(screen, theme, "en") for screen in SCREENS for theme in THEMES]
        windows += [(screen, theme, "ar") for screen, theme in ARABIC]
        people = People(facts)
        stage, staged = people.stage(), staged_dispute(facts)
        batches = task_types(people, browser, len(windows))
        people.close()
        print("the stage is set", flush=True)
        for screen, theme, language in windows:
            camera = Camera(folder, browser, facts["gateway_url"], screen, theme, language)
            if kinds and camera.name not in kinds:
                continue
            tours.newcomer(camera)
            tours.requester(camera, stage)
            tours.worker(camera, stage)
            tours.judge(camera, stage)
            tours.juror(camera, staged, keys_of(facts)["juror1"])
            tours.auditor(camera, staged)
            tours.new_batch(camera)
            tours.task_types(camera, batches)
            tours.troubles(camera)
            print(f"{camera.taken} pictures: {camera.name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/screenshots"), sys.argv[2:]))
