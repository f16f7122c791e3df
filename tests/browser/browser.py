"""A headless Chromium, led over its DevTools protocol by a pair of pipes.

    with Browser() as b:
        page = b.open("page/index.html", width=1280, dark=False)
        page.eval("document.title")

Python's own library is all it takes. Everything waits for the browser's answer
or event, or until something holds, never for a time:
- a page is open once its own document is loaded, painted, and of the size that
  was asked for: before, a browser may drop a click;
- a click or a key is over once the page has had it;
- nothing is animated, so what is scrolled to lies where it will stay;
- what a page does later than in a handler (in a frame, in a task of its own) is
  looked at with `until`.
"""

import base64
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Nothing depends on it: what never comes ends as a failure (tests/await.sh)
LIMIT_S = float(os.environ.get("AWAIT_S", 300))


def program():
    """The browser's name, or None where there is none."""
    return next((p for p in PROGRAMS if shutil.which(p)), None)


class Browser:
    def __init__(self):
        self.n = 0
        self.events = []
        self.rest = b""
        self.folder = tempfile.mkdtemp(prefix="sinklab-browser.")
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()
        # the protocol is spoken on files 3 and 4
        command = (
            'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        )
        self.process = subprocess.Popen(
            ["bash", "-c", command, "-", str(to_read), str(to_write), program(),
             "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--hide-scrollbars", "--force-color-profile=srgb", "--remote-debugging-pipe",
             "--allow-pre-commit-input", "--user-data-dir=" + self.folder,
             "about:blank"],
            pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_read)
        os.close(to_write)
        self.page = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.to)
        os.close(self.back)
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self):
        while b"\0" not in self.rest:
            if not select.select([self.back], [], [], LIMIT_S)[0]:
                raise RuntimeError(f"no word from the browser in {LIMIT_S:g} s")
            more = os.read(self.back, 1 << 20)
            if not more:
                raise RuntimeError("the browser has ended")
            self.rest += more
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, session=None, **params):
        self.n += 1
        message = {"id": self.n, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        while True:
            answer = self.read()
            if answer.get("id") == self.n:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def event(self, method, holds, session=None):
        """Until there is or was an event of this name that is so."""
        while not any(holds(of) for of in self.told(method, session)):
            self.events.append(self.read())

    def told(self, method, session=None):
        """Events of this name so far."""
        return [e["params"] for e in self.events if e.get("method") == method
                and e.get("sessionId") == session]

    def open(self, path, width=1280, height=900, dark=False):
        """The page in a tab of its own; the one before it is closed."""
        last, self.page = self.page, None
        if last:
            self.call("Target.closeTarget", targetId=last.target)
        else:
            # its own first tab must not come in front of ours
            self.call("Target.setDiscoverTargets", discover=True)
            self.event("Target.targetCreated",
                       lambda of: of["targetInfo"]["type"] == "page")
        self.page = Page(self, path, width, height, dark)
        return self.page


class Page:
    def __init__(self, browser, path, width, height, dark):
        self.browser = browser
        self.target = browser.call("Target.createTarget",
                                   url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", flatten=True,
                                    targetId=self.target)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)
        # seen, and with the keyboard's focus, whatever the other tabs do
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.emulate(width, height, dark)
        to = self.call("Page.navigate",
                       url=pathlib.Path(path).resolve().as_uri())
        if "errorText" in to:
            raise RuntimeError(f"{path}: {to['errorText']}")
        # of this document, not of the empty one before it
        for name in ("load", "firstContentfulPaint"):
            wanted = (name, to["loaderId"])
            browser.event("Page.lifecycleEvent",
                          lambda of: (of["name"], of["loaderId"]) == wanted,
                          self.session)
        self.fit(width, height, dark)

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def told(self, method):
        return self.browser.told(method, self.session)

    def emulate(self, width, height, dark, media=""):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])

    def fit(self, width, height, dark, media=""):
        """Until the page has this size and look, and has drawn itself anew."""
        wanted = [width, height, dark, True, True]
        found = self.until(f"""[innerWidth, innerHeight,
            ...["(prefers-color-scheme: dark)", "(prefers-reduced-motion)",
                "{media or 'all'}"].map(m => matchMedia(m).matches)]""",
                           lambda now: now == wanted)
        if found != wanted:
            raise RuntimeError(f"the page looks {found}, not {wanted}")
        self.frames()

    def look(self, width, height=900, dark=False, media=""):
        self.emulate(width, height, dark, media)
        self.fit(width, height, dark, media)

    def frames(self):
        """Until the page has drawn a frame, and what that has led to."""
        self.eval("""new Promise(done => requestAnimationFrame(() =>
            requestAnimationFrame(() => done())))""")

    def until(self, script, holds=bool):
        """The script's value, once it is so; if it never is, its last one."""
        end = time.monotonic() + LIMIT_S
        while True:
            found = self.eval(script)
            if holds(found) or time.monotonic() > end:
                return found
            self.frames()

    def eval(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", script))
        return answer["result"].get("value")

    def complaints(self):
        """Exceptions, and what the console has as an error."""
        said = [e["exceptionDetails"]["exception"].get("description", "?")
                for e in self.told("Runtime.exceptionThrown")]
        return said + [e["entry"]["text"] for e in self.told("Log.entryAdded")
                       if e["entry"]["level"] == "error"]

    def place(self, script):
        """The middle of the element that the script gives, scrolled into sight,
        where it stays."""
        return self.eval(f"""(async () => {{
            const e = {script};
            const frame = () => new Promise(requestAnimationFrame);
            const middle = () => {{
                const r = e.getBoundingClientRect();
                return [r.x + r.width / 2, r.y + r.height / 2];
            }};
            e.scrollIntoView({{block: "center", behavior: "instant"}});
            let before, now = middle();
            do {{
                before = now;
                await frame();
                await frame();
                now = middle();
            }} while (String(now) !== String(before));
            return now;
        }})()""")

    def point(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def has_had(self, event, act):
        """Act, and wait until the page has had this event of it."""
        self.eval(f"""window.had = false;
            addEventListener("{event}", () => window.had = true,
                {{ capture: true, once: true }})""")
        act()
        if not self.until("window.had"):
            raise RuntimeError(f"the page has had no {event}")

    def click(self, script):
        x, y = self.place(script)
        self.point(x, y)

        def press():
            for kind in ("mousePressed", "mouseReleased"):
                self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y,
                          button="left", clickCount=1)
        self.has_had("click", press)

    def key(self, key):
        def press():
            for kind in ("keyDown", "keyUp"):
                self.call("Input.dispatchKeyEvent", type=kind, key=key,
                          code=key)
        self.has_had("keyup", press)

    def shot(self, path, whole=False, clip=None):
        more = {"captureBeyondViewport": True} if whole or clip else {}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = [0, 0, size["width"], size["height"]]
        if clip:
            more["clip"] = dict(zip(("x", "y", "width", "height"), clip), scale=1)
        data = self.call("Page.captureScreenshot", format="png", **more)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def print(self, path):
        data = self.call("Page.printToPDF", printBackground=False)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))
