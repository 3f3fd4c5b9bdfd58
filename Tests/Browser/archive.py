"""Servers that keep records, started by the tests that need them: one in a clinic that asks each device for a token, one in the cloud.

Needs MELASCAN_BIN_DIR (or .build-tests/release) with MelaFCGI and melascan. Stopped, and their folder removed, when the tests end.
"""

import atexit
import functools
import os
import pathlib
import re
import socket
import ssl
import subprocess
import time
import urllib.request

from page import FOLDER, PageTest, browser, photo

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ.get("MELASCAN_BIN_DIR", REPOSITORY / ".build-tests/release"))
CONTROLLER = "Name of the clinic or the operator"
STRANGER = "mela_00000000_" + "0" * 52  # the form is right, no device has it

# Notes what the page sends, from before its first script: address, method, Authorization, Idempotency-Key.
SPY = """
window.sent = [];
const untouched = window.fetch;
window.fetch = (url, options = {}) => {
  const headers = new Headers(options.headers);
  // The page's own catalogue of words is asked for like its scripts, without a token.
  if (!String(url).endsWith('/words/en.json')) sent.push({ url: String(url), method: options.method ?? 'GET', authorization: headers.get('Authorization'), key: headers.get('Idempotency-Key'),
              fields: options.body instanceof FormData ? [...options.body].map(([name, value]) => [name, value instanceof Blob ? 'photo' : value]) : [] });
  return window.instead?.(String(url), options) ?? untouched(url, options);
};
"""


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Archive:
    """A server with records, and the tool beside it."""

    def __init__(self, name):
        if not all((BINARIES / each).exists() for each in ("MelaFCGI", "melascan")):
            raise RuntimeError(f"There are no MelaFCGI and melascan in {BINARIES}. Build them, or set MELASCAN_BIN_DIR.")
        self.folder = FOLDER / name
        told = subprocess.run(["scripts/trial-records", BINARIES / "melascan", self.folder], cwd=REPOSITORY, check=True, capture_output=True, text=True)
        records = dict(line.split("=", 1) for line in told.stdout.splitlines())
        self.records = records["MELASCAN_RECORDS"]
        self.token = self.admit("Room 1")
        self.settings = os.environ | records | {"XDG_RUNTIME_DIR": str(self.folder)}
        self.processes = []
        atexit.register(self.stop)

    def tool(self, *arguments):
        return subprocess.run([BINARIES / "melascan", *arguments], check=True, capture_output=True, text=True).stdout

    def admit(self, name, role="doctor"):
        """The token of a new device."""
        told = self.tool("token", "add", name, "--role", role, "--records", self.records)
        return re.search(r"mela_[0-9a-z_]+", told)[0]

    def revoke(self, name):
        self.tool("token", "revoke", name, "--records", self.records)

    def start(self, *command, **settings):
        with open(self.folder / "log", "ab") as log:
            self.processes.append(subprocess.Popen(command, cwd=REPOSITORY, env=self.settings | settings, stdout=log, stderr=log))

    def wait(self):
        end = time.monotonic() + 60
        trusting = ssl._create_unverified_context()  # the certificate is our own
        while True:
            try:
                with urllib.request.urlopen(self.url + "/v1/health/ready", timeout=2, context=trusting):
                    return self
            except OSError as error:
                if time.monotonic() > end or any(process.poll() is not None for process in self.processes):
                    raise RuntimeError((self.folder / "log").read_text()) from error
            time.sleep(0.1)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(30)


@functools.cache
def clinic():
    """In a clinic's network of which this machine is no part: each device needs a token."""
    archive = Archive("clinic")
    port = free_port()
    archive.url = f"http://127.0.0.1:{port}"
    archive.start("scripts/run", PORT=str(port), MELASCAN_ADDRESS="127.0.0.1", MELASCAN_BIN_DIR=str(BINARIES), MELASCAN_OPEN_NETWORKS="192.0.2.0/24")
    return archive.wait()


@functools.cache
def cloud():
    """In the cloud: over TLS, with a token and a consent each time."""
    archive = Archive("cloud")
    certificate, key = archive.folder / "cloud.crt", archive.folder / "cloud.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    plain, secure = free_port(), free_port()
    archive.url = f"https://127.0.0.1:{secure}"
    worker_socket = archive.folder / "worker.sock"
    site = subprocess.run(["scripts/nginx-config", archive.folder, f"127.0.0.1:{plain}", worker_socket, REPOSITORY / "web", f"127.0.0.1:{secure}",
                           certificate, key, "127.0.0.1"], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    # The tests are quicker than a clinic.
    site = re.sub(r"rate=\d+r/[sm]", "rate=1000r/s", site)
    (archive.folder / "nginx.conf").write_text(site)
    archive.start(str(BINARIES / "MelaFCGI"), MELASCAN_MODE="cloud", MELASCAN_SOCKET=str(worker_socket))
    archive.start("nginx", "-e", str(archive.folder / "error.log"), "-c", str(archive.folder / "nginx.conf"), "-g", "daemon off;",
                  PATH=os.environ["PATH"] + ":/usr/sbin")
    return archive.wait()


class ArchiveTest(PageTest):
    """The page of a server that keeps records; this device's token is kept unless a test says otherwise."""

    server, has_token = staticmethod(clinic), True

    def setUp(self):
        self.archive = self.server()
        self.base = self.archive.url
        photo()  # drawn before, as it takes the tab
        driver = browser()
        driver.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": True})
        spy = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SPY})["identifier"]
        self.addCleanup(driver.execute_cdp_cmd, "Page.removeScriptToEvaluateOnNewDocument", {"identifier": spy})
        super().setUp()

    def before_open(self):
        if self.has_token:
            self.run_script("localStorage.setItem('melascan.token', arguments[0])", self.archive.token)

    def sent(self, path):
        """What the page sent to a path since it was opened."""
        return [each for each in self.run_script("return sent") if each["url"].endswith(path)]

    def click(self, name):
        self.click_on(self.find(name))

    def click_on(self, node):
        """Clicks what may lie beneath the bar with the button."""
        self.run_script("arguments[0].scrollIntoView({ block: 'center' })", node)
        node.click()

    def wait_for(self, name, patience=20):
        self.wait_until(lambda: self.is_shown(name), name, patience)
        return self.text(name)

    def wait_for_terms(self):
        """Until the page knows what the server asks patients."""
        self.wait_until(lambda: self.is_shown("foot"), "the terms", 10)

    def result(self):
        self.choose_and_see()
        self.analyse()
        self.wait_for_result()

    def choose_another(self):
        """A second photo, while a consent is held: the page asks whose it is."""
        self.choose_and_see(photo("second.jpg", 700, 600))
        self.assertIn("Is this photo of the same patient?", self.wait_for("same-patient"))

    def code(self):
        return self.find("slip-body").find_element("css selector", ".slip__code").text.replace("\n", "")
