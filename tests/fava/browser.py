"""A real browser for tests: Chromium driven by chromedriver over the W3C WebDriver protocol, standard library only."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
# How light the text is, less what it stands on.
_LIGHT = (
    "const [text, ground] = [['.revrec', 'color'], ['body', 'backgroundColor']]"
    ".map(([where, what]) => getComputedStyle(document.querySelector(where))[what]"
    ".match(/[0-9.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part) / 3, 0)); return text - ground"
)
SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
TAB, ENTER = "\ue004", "\ue007"  # the keys of WebDriver
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


class Browser:
    """One headless window with a profile of its own; `close` ends the process that it started."""

    def __init__(self, profile: Path) -> None:
        assert CHROMIUM
        assert DRIVER
        self._process = subprocess.Popen(
            [DRIVER, "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "HOME": str(profile)},
        )
        try:
            self._url = f"http://127.0.0.1:{self._port()}"
            flags = [*_FLAGS, f"--user-data-dir={profile}", "--window-size=1280,900"]
            options = {"goog:chromeOptions": {"args": flags, "binary": CHROMIUM}, "goog:loggingPrefs": {"browser": "ALL"}}
            self._url += "/session/" + self._send("POST", "/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]
        except BaseException:
            self._process.kill()
            raise

    def _port(self) -> int:
        assert self._process.stdout
        for line in self._process.stdout:
            if "started successfully on port" in line:
                return int(line.rstrip().rstrip(".").rsplit(" ", 1)[1])
        raise RuntimeError("chromedriver did not start")

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from error

    def open(self, url: str) -> None:
        """Load a page and wait until Fava has drawn around it."""
        self._send("POST", "/url", {"url": url})
        self.wait("return document.querySelector('aside') !== null")

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript in the page and return its value."""
        return self._send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, condition: str, seconds: float = 15) -> None:
        """Wait until a script returns something true."""
        until = time.monotonic() + seconds
        while not self.run(condition):
            assert time.monotonic() < until, f"not within {seconds} s: {condition}"
            time.sleep(0.05)

    def press(self, key: str) -> None:
        """Press and release one key."""
        actions = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self._send("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def screen(self, width: int, height: int, *, dark: bool = False) -> None:
        """Pretend to be a screen of this size and colour scheme: a window alone does not go below 500 pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._cdp("Emulation.setDeviceMetricsOverride", metrics)
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._cdp("Emulation.setEmulatedMedia", {"features": [feature]})

    def _cdp(self, command: str, parameters: Any) -> None:
        self._send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def drawn(self) -> None:
        """Wait until a page of the books is there, in its own style."""
        self.wait("return document.querySelector('.revrec nav.pages a[aria-current]') !== null")
        self.wait("return getComputedStyle(document.querySelector('.revrec nav.pages')).display === 'flex'")

    def pictures(self, name: str) -> None:
        """Pictures of the page in the light, in the dark, on a phone: text stands out, and nothing is wider than the screen."""
        for mark, width, height, dark in (("", 1280, 900, False), ("-dark", 1280, 900, True), ("-phone", 390, 844, False)):
            self.screen(width, height, dark=dark)
            self.wait(f"return document.documentElement.scrollWidth <= {width}")
            self.wait(f"const lighter = () => {{ {_LIGHT} }}; return {'' if dark else '-'}lighter() > 100")
            self.screenshot(SHOTS / f"{name}{mark}.png")

    def nameless(self) -> int:
        """How many links and fields of the page have no name."""
        links = "[...document.querySelectorAll('.revrec a')].filter(a => !(a.getAttribute('aria-label') || a.textContent).trim())"
        fields = "[...document.querySelectorAll('.revrec input:not([type=hidden])')]"
        unnamed = f"{fields}.filter(f => !f.labels.length && !f.getAttribute('aria-label'))"
        return int(self.run(f"return {links}.length + {unnamed}.length"))

    def errors(self) -> list[str]:
        """What the browser complained about since the last call."""
        logged = self._send("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in logged if entry["level"] in ("WARNING", "SEVERE")]

    def screenshot(self, path: Path) -> None:
        """The window as a PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self._send("GET", "/screenshot")))

    def close(self) -> None:
        """End the session and the driver."""
        try:
            self._send("DELETE", "")
        finally:
            self._process.terminate()
            self._process.wait(10)
