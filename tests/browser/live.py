"""What browser tests share: a live server, a watch over the page, axe-core, the two screen sizes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WIDE, PHONE = (1440, 900), (390, 844)
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Open = Callable[..., Page]


@contextmanager
def serve(target: str, environ: dict[str, str], chdir: Path = ROOT, health: str = "/") -> Iterator[str]:
    """gunicorn on a free port; yields the base address, without a slash at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "gunicorn", target, "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8",
        "--worker-class", "gthread", "--chdir", str(chdir), "--no-control-socket", "--log-level", "warning",
    ]  # fmt: skip
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("SYNAPTOSCOPE_")}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, env={**inherited, **environ}, stdout=log, stderr=log, start_new_session=True, cwd=chdir
        )
        try:
            base = f"http://127.0.0.1:{port}"
            _await(base + health, process, log)
            yield base
        finally:
            _end(process)


def _await(address: str, process: subprocess.Popen[bytes], log: Any, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    log.seek(0)
    pytest.fail("the server did not start:\n" + log.read().decode(errors="replace")[-4000:])


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)  # gunicorn's other ways to end wait for connections, up to half a minute
        process.wait()


DRIVER = (
    "GPU stall due to ReadPixels"  # of a picture that WebGL has to hand to the processor, which draws the page here
)


@dataclass
class Watch:
    """What went wrong in a page; `allow(text)` names a text whose trouble a test expects."""

    problems: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, text: str) -> None:
        self.allowed.append(text)

    def note(self, problem: str) -> None:
        self.problems.append(problem)

    def left(self) -> list[str]:
        return [p for p in self.problems if not any(text in p for text in self.allowed)]


def watch(page: Page) -> Watch:
    """Collect console errors, uncaught errors, failed requests and answers of 400 and above."""
    seen = Watch()

    def on_console(message: Any) -> None:
        # Chromium logs failed loads too; those come in with their address through on_response
        known = message.text.startswith("Failed to load resource") or DRIVER in message.text
        if message.type in ("error", "warning") and not known:
            seen.note(f"console {message.type}: {message.text}")

    def on_failed(request: Any) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # the page was left, or an image made way for another
            seen.note(f"request failed: {request.url} {request.failure}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: seen.note(f"page error: {error.stack or error}"))
    page.on("requestfailed", on_failed)
    page.on("response", lambda r: seen.note(f"status {r.status}: {r.url}") if r.status >= 400 else None)
    return seen


def in_both_schemes(page: Page) -> Iterator[str]:
    """The page in its light colours, then in its dark ones."""
    for scheme in ("light", "dark"):
        page.evaluate("scheme => synaptoscope.chooseTheme(scheme)", scheme)
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        page.evaluate("() => Promise.allSettled(document.getAnimations().map((fading) => fading.finished))")
        yield scheme


def axe(page: Page) -> list[str]:
    """What axe-core finds wrong, one line an element; evaluated, so a strict security header does not block it."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate((HERE / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations)", AXE_RULES
    )
    return [
        f"{v['id']} ({v['impact']}): {' '.join(n['target'][0]) if isinstance(n['target'][0], list) else n['target'][0]}"
        f" {json.dumps(n.get('any', [{}])[0].get('message', '') if n.get('any') else '')}"
        for v in found
        for n in v["nodes"]
    ]
