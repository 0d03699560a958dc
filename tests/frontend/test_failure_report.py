"""A browser test that fails tells what its window showed: a failure by chance need not come twice to be understood."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAILING = '''
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

PAGE = b"""<!doctype html><link rel=icon href="data:,"><button disabled>Sign</button><p id=app></p><script>
fetch('/v1/refused').then(answer => answer.json()).then(said => {
  console.log('heard ' + said.code)
  app.dataset.state = 'failed'
  app.textContent = 'It did not work.'
})
</script>"""


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        isApi = self.path.startswith("/v1/")
        self.send_response(409 if isApi else 200)
        self.send_header("content-type", "application/json" if isApi else "text/html")
        self.end_headers()
        self.wfile.write(b'{"code": "planted"}' if isApi else PAGE)

    def log_message(self, *_):
        pass


@pytest.fixture
def stack_up():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"gateway_url": f"http://127.0.0.1:{server.server_port}"}
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("passes", [True, False])
def test_of_a_window(visit, passes):
    visitor = visit()
    visitor.open("/")
    visitor.sees("It did not work.")
    visitor.errors.clear()
    assert passes
'''


def test_the_report_of_a_failed_test_holds_its_windows_and_that_of_a_good_one_does_not(
    browser: object, tmp_path: Path
) -> None:
    test = tmp_path / "test_window.py"
    test.write_text(FAILING)
    command = ["-m", "pytest", "-rA", "-p", "tests.frontend.conftest", "-p", "no:cacheprovider"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), str(test)]
    said = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False).stdout

    assert "1 failed, 1 passed" in said, said
    assert said.count("- window 1 -") == 1
    for wanted in (
        "failed: It did not work.",
        "Sign (disabled)",
        "log: heard planted",
        'GET refused: 409 {"code": "planted"}',
    ):
        assert wanted in said, said
