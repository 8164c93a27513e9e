# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium, by chromedriver's WebDriver interface over HTTP.

Needs nothing but Python's standard library.  Everything that the browser
writes goes into one folder.
"""

import base64
import http.client
import json
import os
import re
import shutil
import signal
import subprocess

from lab import OPEN, Failure, expect, wait


def find(*names):
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    raise Failure(f"there is no {names[0]} here: scripts/deps browser"
                  " installs it")


class Browser:
    """One session; use it in a with statement."""

    def __init__(self, folder):
        self.dir = folder
        os.makedirs(folder)
        self.log = os.path.join(folder, "chromedriver.log")
        # Both in one session, so that no renderer outlives us.
        env = dict(os.environ, HOME=folder, TMPDIR=folder,
                   XDG_CONFIG_HOME=folder, XDG_CACHE_HOME=folder)
        with open(self.log, "wb") as out:
            self.driver = subprocess.Popen(
                [find("chromedriver"), "--port=0"],
                stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env=env, start_new_session=True)
        self.session = None
        OPEN.add(self)

    def __enter__(self):
        try:
            wait(self.port, "chromedriver to listen", 30)
            self.session = self.ask("POST", "/session", {
                "capabilities": {"alwaysMatch": self.wishes()}})["sessionId"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self.session:
                self.ask("DELETE", f"/session/{self.session}")
        finally:
            self.end()
        return False

    def end(self):
        OPEN.discard(self)
        if self.driver.poll() is None:
            os.killpg(self.driver.pid, signal.SIGTERM)
            self.driver.wait(20)

    def wishes(self):
        return {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {
                "binary": find("chromium", "chromium-browser",
                               "google-chrome"),
                "args": ["--headless=new", "--no-sandbox", "--disable-gpu",
                         "--disable-dev-shm-usage", "--no-first-run",
                         "--disable-background-networking",
                         "--disable-component-update", "--no-proxy-server",
                         "--hide-scrollbars", "--window-size=1000,900",
                         f"--user-data-dir={self.dir}/profile"]}}

    def port(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            found = re.search(r"successfully on port (\d+)", f.read())
        return int(found.group(1)) if found else None

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port(),
                                                timeout=120)
        try:
            connection.request(
                method, path,
                None if method != "POST" else json.dumps(body or {}),
                {"Content-Type": "application/json"})
            answer = connection.getresponse()
            value = json.loads(answer.read())["value"]
        finally:
            connection.close()
        expect(answer.status == 200, f"chromedriver, {path}: {value}")
        return value

    def do(self, what, body=None, method="POST"):
        return self.ask(method, f"/session/{self.session}/{what}", body)

    def open(self, url):
        self.do("url", {"url": url})

    def run(self, script, *args):
        """The value of a script's "return"."""
        return self.do("execute/sync", {"script": script, "args": args})

    def text(self, selector):
        return self.run(
            "const e = document.querySelector(arguments[0]);"
            " return e ? e.textContent : null", selector)

    def click(self, selector):
        """As a person does: where the element is, if it can be seen."""
        found = self.do("element", {"using": "css selector",
                                    "value": selector})
        (element,) = found.values()
        self.do(f"element/{element}/click")

    def devtools(self, command, **params):
        return self.do("goog/cdp/execute", {"cmd": command, "params": params})

    def dark(self, on):
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if on else "light"}])

    def width(self, pixels):
        self.devtools("Emulation.setDeviceMetricsOverride", width=pixels,
                      height=900, deviceScaleFactor=1, mobile=False)

    def picture(self, path):
        """The whole page, as a PNG file."""
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        shot = self.devtools(
            "Page.captureScreenshot", format="png",
            captureBeyondViewport=True,
            clip=dict(x=0, y=0, width=size["width"], height=size["height"],
                      scale=1))
        with open(path, "wb") as f:
            f.write(base64.b64decode(shot["data"]))

    def complaints(self):
        """What the console says that is worse than a note."""
        return [line["message"] for line in self.do("se/log",
                                                    {"type": "browser"})
                if line["level"] in ("SEVERE", "WARNING")]
