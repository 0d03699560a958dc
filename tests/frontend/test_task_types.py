"""Every task type in real Chromium: a worker answers with keys alone, and what is on chain is what was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scripts.crowd.api import Json
from tests.frontend.browser import Visitor
from tests.frontend.funded import Requester, picture, recording
from tests.frontend.test_pages import PHONE, fits, signed_in, violations

pytestmark = pytest.mark.slow

Keys = Callable[[Visitor], None]


@pytest.fixture(scope="module")
def media(requester: Requester) -> dict[str, str]:
    return {"image": requester.api.upload(picture()), "audio": requester.api.upload(recording())}


def pressed(*keys: str) -> Keys:
    def press(worker: Visitor) -> None:
        for key in keys:
            worker.page.keyboard.press(key)

    return press


def typed(*parts: str) -> Keys:
    """Types a text; `Tab` and other named keys are pressed."""

    def type_(worker: Visitor) -> None:
        for part in parts:
            if part in ("Tab", "Space", "Control+Enter", "ArrowRight"):
                worker.page.keyboard.press(part)
            else:
                worker.page.keyboard.type(part)

    return type_


FIELDS = [
    {"name": "shop", "title": "Name of the shop", "kind": "text"},
    {"name": "words", "title": "What it says", "kind": "long_text"},
    {"name": "total", "title": "Total", "kind": "number", "least": 0},
    {"name": "items", "title": "Items", "kind": "integer"},
    {"name": "paid", "title": "Is it paid", "kind": "yes_no"},
    {"name": "how", "title": "How it was paid", "kind": "one_of", "choices": ["cash", "card"]},
    {"name": "seen", "title": "What is seen", "kind": "any_of", "choices": ["logo", "date", "name"]},
    {"name": "clear", "title": "How clear it is", "kind": "scale"},
    {"name": "day", "title": "Date", "kind": "date"},
    {"name": "tax", "title": "Tax number", "kind": "text", "optional": True},
]
FILLED = {
    "shop": "Corner",
    "words": "Thank you",
    "total": 12.5,
    "items": 3,
    "paid": True,
    "how": "cash",
    "seen": ["logo"],
    "clear": 2,
    "day": "2026-02-28",
}


def fill_in(worker: Visitor) -> None:
    """By the labels, as a screen reader would find them; a blank is told at once."""
    page = worker.page
    page.get_by_label("Name of the shop").fill(" ")
    worker.sees("This is still missing.")
    for label, text in (("Name of the shop", "Corner"), ("What it says", "Thank you"), ("Total", "12.5")):
        page.get_by_label(label).fill(text)
    page.get_by_label("Items").fill("3")
    page.get_by_label("Yes").press("Space")
    page.get_by_label("cash").press("Space")
    page.get_by_label("logo").press("Space")
    page.get_by_label("2", exact=True).press("Space")
    page.get_by_label("Date", exact=True).fill("2026-02-28")
    page.keyboard.press("Control+Enter")


def draw_with_keys(worker: Visitor) -> None:
    """A box in the middle, moved left and made smaller; a second one that is taken back; the first is renamed."""
    worker.page.locator(".picture-boxes").wait_for()
    pressed("n", "ArrowLeft", "ArrowLeft", "Shift+ArrowUp", "n", "z", ".", "2", "Enter")(worker)


def transcribe(worker: Visitor) -> None:
    """The player is heard while one types: it plays, goes on, plays faster, and stops."""
    sound = worker.page.frame_locator("iframe").locator("audio")
    sound.wait_for()
    worker.page.keyboard.type("nothing ")
    worker.page.keyboard.press("Escape")
    worker.page.get_by_role("button", name="Pause").wait_for()
    worker.page.keyboard.press("F4")
    worker.page.keyboard.press("F9")
    worker.sees("Speed 1.25")
    worker.page.keyboard.press("Escape")
    worker.page.get_by_role("button", name="Play").wait_for()
    assert sound.evaluate("player => player.currentTime") >= 3
    worker.page.keyboard.type("is said")
    worker.page.keyboard.press("Control+Enter")


BOX = {"label": "square", "x": 0.33, "y": 0.35, "width": 0.3, "height": 0.29}
CASES: dict[str, tuple[Json, Json, Keys, Any]] = {
    "choice": ({"question": "Which?", "text": "a cat"}, {"choices": ["cat", "dog"]}, pressed("2"), "dog"),
    "multiple_choice": (
        {"text": "a cat and a dog"},
        {"choices": ["cat", "dog", "bird"], "least": 1},
        pressed("2", "1", "3", "3", "Enter"),
        ["cat", "dog"],
    ),
    "boxes": ({"question": "Mark it", "image": "image"}, {"labels": ["circle", "square"]}, draw_with_keys, [BOX]),
    "text": ({"question": "Describe it", "image": "image"}, {}, typed("two squares", "Control+Enter"), "two squares"),
    "translation": (
        {"text": "Guten Morgen", "context": "on a postcard"},
        {"target_language": "en", "source_language": "de"},
        typed("Good morning", "Control+Enter"),
        "Good morning",
    ),
    "transcription": ({"audio": "audio"}, {}, transcribe, {"text": "nothing is said", "unintelligible": False}),
    "moderation": (
        {"text": "Buy now!"},
        {"rules": ["no threats", "no advertising"]},
        pressed("2", "b"),
        {"decision": "remove", "rule": "no advertising"},
    ),
    "entity_match": (
        {"left": {"name": "Foo Ltd", "town": "Bonn"}, "right": {"name": "Foo Limited", "town": "Bonn"}},
        {},
        pressed("1"),
        "same",
    ),
    "preference": ({"question": "Which is better?", "a": "Hello", "b": "Hi"}, {}, pressed("t"), "tie"),
    "data_entry": ({"image": "image"}, {"fields": FIELDS}, fill_in, FILLED),
    "web_research": (
        {"question": "Who wrote it?"},
        {},
        typed("Somebody", "Tab", "https://example.org/page", "Control+Enter"),
        {"found": True, "answer": "Somebody", "source": "https://example.org/page"},
    ),
    "survey": ({"introduction": "Three questions."}, {"fields": FIELDS}, fill_in, FILLED),
}


def begin(worker: Visitor, batch_id: str) -> None:
    worker.open(f"/tasks/{batch_id}")
    worker.page.locator(".offer .primary").press("Enter")
    worker.page.locator(".bench .task").wait_for()


def hand_in(worker: Visitor) -> None:
    worker.page.locator(".answers-list").wait_for()
    assert (violations(worker), fits(worker)) == ([], True)
    worker.page.locator(".bench .primary").press("Enter")
    worker.page.locator(".done").wait_for()


@pytest.mark.parametrize("kind", CASES)
def test_a_worker_answers_with_keys_alone(
    visit: Callable[..., Visitor], requester: Requester, media: dict[str, str], kind: str
) -> None:
    content, options, answer, expected = CASES[kind]
    shown = {name: media.get(value, value) if isinstance(value, str) else value for name, value in content.items()}
    batch_id = requester.fund(kind, shown, options=options)
    worker = visit(viewport=PHONE)
    signed_in(worker)
    begin(worker, batch_id)
    worker.page.locator("[data-settled=true]").first.wait_for()
    assert (violations(worker), fits(worker)) == ([], True)
    answer(worker)
    hand_in(worker)

    assert requester.answers(batch_id) == {"t-1": expected}


def test_a_file_is_pinned_and_named_in_the_answer(visit: Callable[..., Visitor], requester: Requester) -> None:
    """A file of another kind, and one that is too large, are refused in words before anything is sent."""
    options = {"media_types": ["text/plain"], "most_bytes": 1_000}
    batch_id = requester.fund("file", {"question": "Send your notes"}, options=options)
    worker = visit(viewport=PHONE)
    signed_in(worker)
    begin(worker, batch_id)
    field = worker.page.locator("input[type=file]")
    field.wait_for(state="attached")
    assert fits(worker)
    field.set_input_files({"name": "notes.html", "mimeType": "text/html", "buffer": b"<b>no</b>"})
    worker.sees("A file of the kind text/html is not asked for.")
    field.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"x" * 1_001})
    worker.sees("The file is too large: at most 1 kB.")
    field.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"all is well"})
    worker.page.get_by_role("link", name="notes.txt").wait_for()
    assert (violations(worker), fits(worker)) == ([], True)
    worker.page.keyboard.press("Control+Enter")
    hand_in(worker)

    given = requester.answers(batch_id)["t-1"]
    assert (given["name"], given["media_type"], given["bytes"]) == ("notes.txt", "text/plain", 11)
    assert requester.api.payload(given["cid"]) == b"all is well"


STUDY = "https://study.example"
PAGE = """<!doctype html><title>Study</title><button>Hand over</button><script>
let reached = []
for (const reach of [() => parent.parent.document.title, () => localStorage.length, () => document.cookie])
  try { reach(); reached.push(String(reach)) } catch {}
try { top.location.href = 'https://attacker.example/' } catch {}
window.open('https://attacker.example/popup')
document.querySelector('button').onclick = () =>
  parent.postMessage({ piecework_answer: { origin, reached: reached.join(' '), colour: 'blue' } }, '*')
</script>"""


def test_a_requesters_page_opens_after_consent_in_a_frame_without_an_origin(
    visit: Callable[..., Visitor], requester: Requester
) -> None:
    """Nothing is asked of its host before; then it hands over an answer, and reaches neither the app nor the window."""
    batch_id = requester.fund("external", {"url": f"{STUDY}/search?variant=1"})
    worker, asked = visit(), list[str]()

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        route.fulfill(status=200, content_type="text/html", body=PAGE)

    worker.context.route("https://**/*", answer)
    signed_in(worker)
    begin(worker, batch_id)
    worker.sees("study.example")
    assert asked == []
    assert violations(worker) == []
    worker.click("Open the page")
    inner = worker.page.frame_locator(".external-frame").frame_locator("iframe")
    inner.get_by_role("button", name="Hand over").click()
    worker.sees("The page handed over your answer.")
    assert asked == [f"{STUDY}/search?variant=1"]
    assert len(worker.context.pages) == 1
    worker.page.keyboard.press("Control+Enter")
    hand_in(worker)

    assert requester.answers(batch_id)["t-1"] == {"origin": "null", "reached": "", "colour": "blue"}
    worker.expected_errors(STUDY, least=2)  # to leave its frame, and to open a window


def test_a_linked_picture_is_asked_for_after_consent_alone(visit: Callable[..., Visitor], requester: Requester) -> None:
    content = {"question": "What is it?", "image": "https://pictures.example/1.png"}
    batch_id = requester.fund("choice", content, options={"choices": ["cat", "dog"]})
    worker, asked = visit(), list[str]()

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        route.fulfill(status=200, content_type="image/png", body=picture())

    worker.context.route("https://**/*", answer)
    signed_in(worker)
    begin(worker, batch_id)
    worker.page.frame_locator("iframe").get_by_text("What is it?").wait_for()
    worker.sees("pictures.example")
    assert asked == []
    worker.click("Load it")
    worker.page.frame_locator("iframe").locator("img").wait_for()
    assert worker.page.frame_locator("iframe").locator("img").evaluate("image => image.naturalWidth") == 320
    assert asked == ["https://pictures.example/1.png"]


def test_boxes_are_drawn_moved_and_pulled_with_a_pointer(
    visit: Callable[..., Visitor], requester: Requester, media: dict[str, str]
) -> None:
    """And undone, drawn in an enlarged picture, and seen by the reviewer on the picture."""
    labels = {"labels": ["circle", "square"]}
    batch_id = requester.fund("boxes", {"image": media["image"]}, options=labels, tasks=2)
    worker = visit(viewport={"width": 1200, "height": 1400})
    signed_in(worker)
    begin(worker, batch_id)
    page = worker.page
    page.locator(".picture-boxes").wait_for()

    def drag(start: tuple[float, float], end: tuple[float, float]) -> None:
        area = page.locator(".picture-boxes").bounding_box()
        assert area is not None
        for (x, y), act in ((start, page.mouse.down), (end, page.mouse.up)):
            page.mouse.move(area["x"] + x * area["width"], area["y"] + y * area["height"], steps=4)
            act()

    drag((0.2, 0.25), (0.4, 0.5))
    drag((0.6, 0.25), (0.8, 0.5))
    drag((0.7, 0.4), (0.75, 0.4))
    drag((0.85, 0.5), (0.9, 0.6))
    page.keyboard.press("z")
    worker.sees("2 boxes")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator(".picture-boxes").wait_for()
    worker.click("+ Larger")
    worker.sees("Enlarged 1.5 times.")
    drag((0.1, 0.1), (0.3, 0.3))
    page.keyboard.press("Enter")
    hand_in(worker)

    first, second = (requester.answers(batch_id)[task] for task in ("t-1", "t-2"))
    near(first[0], x=0.2, y=0.25, width=0.2, height=0.25)
    near(first[1], x=0.66, y=0.25, width=0.2, height=0.25)
    near(second[0], x=0.1, y=0.1, width=0.2, height=0.2)
    reviewer = visit(viewport=PHONE)
    reviewer.context.add_init_script(
        f"if (origin !== 'null') localStorage.setItem('piecework.test-wallet', '{requester.key}')"
    )
    reviewer.open(f"/review/{batch_id}")
    reviewer.click("Start with a test wallet")
    reviewer.page.locator(".picture-box").nth(1).wait_for()
    assert (violations(reviewer), fits(reviewer)) == ([], True)
    reviewer.page.keyboard.press("a")
    reviewer.sees("1 decided")


def near(box: dict[str, Any], **wanted: float) -> None:
    """To a pixel of a small screen."""
    assert {name: box[name] for name in wanted} == pytest.approx(wanted, abs=0.01)
