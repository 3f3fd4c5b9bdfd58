"""The page as a test sees it: one Chromium for all tests, the elements by their meaning, and photos drawn by the browser itself.

Run with a server that is up:  MELASCAN_URL=http://127.0.0.1:8080 python3 -m unittest discover -s Tests/Browser -p 'test_*.py'
Needs Debian's chromium, chromium-driver and python3-selenium. No picture is kept with the tests.
"""

import atexit
import base64
import functools
import os
import pathlib
import shutil
import struct
import tempfile
import time
import unittest
import urllib.request

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BASE = os.environ.get("MELASCAN_URL", "http://127.0.0.1:8080").rstrip("/")
PATIENCE = float(os.environ.get("MELASCAN_PATIENCE", "20"))  # seconds that a result may take
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="melascan-browser-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

# Notes each breach of the content security policy, from before the page's first script.
WATCH = "window.breaches = []; addEventListener('securitypolicyviolation', (e) => breaches.push(e.violatedDirective + ' ' + e.blockedURI));"

# Answers /v1/analyses in the page's place, when and as the test says: calls[i].answer(probability, verdict) and so on.
# The stub is deaf to the abort signal on purpose: a late answer must be silenced by the page, not by fetch.
STUB = """
window.calls = [];
const real = window.realFetch ??= window.fetch;
window.fetch = (url, options = {}) => {
  if (!String(url).endsWith('/v1/analyses')) return real(url, options);
  let pipe;
  const body = new ReadableStream({ start: (controller) => { pipe = controller; } }).pipeThrough(new TextEncoderStream());
  return new Promise((resolve, reject) => {
    const send = (event, data) => pipe.enqueue(`event: ${event}\\ndata: ${JSON.stringify(data)}\\n\\n`);
    calls.push({
      signal: options.signal,
      begin: () => resolve(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })),
      waiting: (ahead) => send('waiting', { ahead }),
      progress: (done, of, probability, threshold = 0.1305) => send('progress', { done, of, probability, threshold }),
      end: () => pipe.close(),
      analysis: (analysis) => { send('analysis', analysis); pipe.close(); },
      problem: (status, title, detail, headers = {}) => resolve(new Response(
        JSON.stringify({ type: 'urn:melascan:problem:x', title, status, detail }),
        { status, headers: { 'Content-Type': 'application/problem+json', ...headers } })),
      fail: () => reject(new TypeError('Failed to fetch')),
    });
  });
};
"""


def analysis(probability=0.25, verdict="flagged", **other):
    """An analysis as the interface has it."""
    rest = round((1 - probability) / 8, 4)
    classes = dict.fromkeys(["AK", "BCC", "BKL", "DF", "SCC", "VASC", "nevus", "unknown"], rest)
    return {
        "calibrated": False,
        "classes": {**classes, "melanoma": probability},
        "ensemble": {"name": "stub", "sha256": "0" * 64, "version": "1.0.0"},
        "id": "0193c0de-7a51-7c3e-9d10-1f2e3d4c5b6a",
        "image": {"crop": {"side": 600, "x": 100, "y": 0}, "height": 600, "width": 800},
        "members": [{"architecture": "tf_efficientnet_lite0", "input_size": 224, "passes": 8, "probability": probability}],
        "notice": "Decision support, not a diagnosis. For the final diagnosis refer to the biopsy.",
        "operating_point": {
            "measured_on": "test split", "name": "sensitivity-95", "sensitivity": 0.922, "sensitivity_95": [0.878, 0.952],
            "specificity": 0.641, "specificity_95": [0.616, 0.665], "threshold": 0.1305,
        },
        "passes": 8, "passes_available": 8,
        "patient": {"age": None, "sex": None, "site": None, "used": False},
        "probability": probability, "raw_probability": probability,
        "reasons": [], "remarks": [],
        "spread": {"highest": min(1, probability + 0.05), "lowest": max(0, probability - 0.05), "standard_deviation": 0.02},
        "timing_ms": {"decode": 1, "inference": 1, "preprocess": 1, "queue": 0, "total": 3},
        "verdict": verdict,
        **other,
    }


@functools.cache
def browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-background-networking", "--disable-component-update",
                     "--no-first-run", "--hide-scrollbars", "--window-size=1280,900"):
        options.add_argument(argument)
    options.binary_location = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=Service(os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver")), options=options)
    atexit.register(driver.quit)
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    return driver


@functools.cache
def photo(name="photo.jpg", width=800, height=600, orientation=1):
    """The path of a JPEG of something like a mole, drawn in the browser; `orientation` as EXIF numbers it."""
    driver = browser()
    page = driver.current_window_handle
    driver.switch_to.new_window("tab")  # so that the page under test stays as it is
    encoded = driver.execute_async_script("""
      const [width, height, done] = arguments;
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width, height });
      const pen = canvas.getContext('2d');
      pen.fillStyle = '#e3b7a0'; pen.fillRect(0, 0, width, height);
      pen.fillStyle = '#5b3a2c'; pen.beginPath(); pen.ellipse(width / 2, height / 2, height / 5, height / 6, 0.4, 0, 7); pen.fill();
      canvas.toBlob((blob) => blob.arrayBuffer().then((bytes) =>
        done(btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('')))), 'image/jpeg', 0.9);
    """, width, height)
    driver.close()
    driver.switch_to.window(page)
    data = base64.b64decode(encoded)
    if orientation != 1:
        entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
        exif = b"Exif\0\0" + b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    return keep(name, data)


def keep(name, data):
    path = FOLDER / name
    path.write_bytes(data)
    return str(path)


def ask(path, data=None, headers=None, base=BASE):
    """What the server itself says, without a browser."""
    with urllib.request.urlopen(urllib.request.Request(base + path, data=data, headers=headers or {}), timeout=PATIENCE) as answer:
        return answer.headers, answer.read()


class PageTest(unittest.TestCase):
    """Opens the page anew before each test, as a first visit."""

    width, height, is_phone, scheme, has_script = 1280, 900, False, "light", True
    base = BASE

    def setUp(self):
        self.driver = browser()
        self.command("Emulation.setScriptExecutionDisabled", value=False)
        self.command("Emulation.setDeviceMetricsOverride", width=self.width, height=self.height,
                     deviceScaleFactor=1, mobile=self.is_phone)
        self.command("Emulation.setTouchEmulationEnabled", enabled=self.is_phone)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": self.scheme}])
        self.driver.get(self.base + "/favicon.svg")
        self.driver.execute_script("localStorage.clear()")
        self.before_open()
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.command("Emulation.setScriptExecutionDisabled", value=not self.has_script)
        self.open()

    def tearDown(self):
        self.command("Emulation.setScriptExecutionDisabled", value=False)

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def before_open(self):
        """What the browser keeps already."""

    def open(self, path="/"):
        self.driver.get(self.base + path)
        if self.has_script:
            self.wait_until(lambda: self.run_script("return document.documentElement.classList.contains('js')"), "the script to start")

    def run_script(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, name):
        return self.driver.find_element(By.ID, name)

    def is_shown(self, name):
        return self.find(name).is_displayed()

    def text(self, name="result"):
        return self.find(name).text

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self):
        return self.run_script("return document.activeElement.id")

    def wait_until(self, is_so, what, patience=PATIENCE):
        end = time.monotonic() + patience
        while not is_so():
            if time.monotonic() > end:
                self.fail(f"Waited {patience:g} s for {what}.")
            time.sleep(0.05)

    def choose(self, path=None):
        self.find("file-input").send_keys(path or photo())

    def choose_and_see(self, path=None):
        self.choose(path)
        self.wait_until(lambda: self.is_shown("preview-note"), "the preview")

    def analyse(self):
        self.find("analyse").click()

    def wait_for_result(self):
        self.wait_until(lambda: self.is_shown("result") or self.is_shown("problem"), "an answer")
        self.assertFalse(self.is_shown("problem"), self.text("problem"))

    def stub(self):
        self.run_script(STUB)

    def call(self, index):
        """Waits for the page's call number `index` of the stub and returns what names it in a script."""
        self.wait_until(lambda: self.run_script("return calls.length") > index, f"call {index}", 5)
        return f"calls[{index}]"


__all__ = ["BASE", "By", "FOLDER", "Keys", "PageTest", "analysis", "ask", "browser", "keep", "photo", "time"]
