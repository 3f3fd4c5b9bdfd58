"""The server's address: checked, kept, used."""

import http.server
import json
import socket
import threading

from page import PageTest, analysis, photo

CARD = {
    "name": "elsewhere", "version": "9.9.9", "licence": "none", "provenance": "a test", "intended_use": "tests", "classes": [],
    "target": "melanoma", "members": [], "views": 8, "passes": 8, "calibration": None, "operating_points": [], "operating_point": None,
    "sha256": "0" * 64, "limits": {"max_body_bytes": 20971520},
}


class OtherServer(http.server.ThreadingHTTPServer):
    """A server at another address that answers as ours does and keeps what it was sent."""

    def __init__(self):
        self.bodies = []
        super().__init__(("127.0.0.1", 0), OtherHandler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class OtherHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer(CARD)

    def do_POST(self):
        self.server.bodies.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer(analysis(0.66))


class Settings(PageTest):
    def save(self, address):
        if not self.is_shown("settings"):
            self.find("settings-open").click()
        self.find("server-address").clear()
        self.find("server-address").send_keys(address)
        self.driver.find_element("css selector", "#settings-form [type=submit]").click()

    def test_the_address_is_kept_and_used(self):
        other = OtherServer()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        self.save(other.address + "/")
        self.wait_until(lambda: "elsewhere 9.9.9" in self.text("settings-outcome"), "the other server's answer", 5)
        self.open()
        self.wait_until(lambda: "elsewhere 9.9.9" in self.text("ensemble"), "the other server after a reload", 5)
        self.choose(photo("mrs-miller.jpg"))
        self.analyse()
        self.wait_for_result()
        self.assertIn("66.0", self.text("score"))
        [(path, body)] = other.bodies
        self.assertEqual(path, "/v1/analyses")
        self.assertEqual(body.count(b'name="image"'), 1)
        self.assertNotIn(b"miller", body, "The file's name may be the patient's: it is not sent.")

    def test_this_pages_server_can_be_had_back(self):
        other = OtherServer()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        self.save(other.address)
        self.wait_until(lambda: "elsewhere" in self.text("settings-outcome"), "the other server's answer", 5)
        self.find("settings-reset").click()
        self.wait_until(lambda: "The server answers" in self.text("settings-outcome") and "elsewhere" not in self.text("settings-outcome"),
                        "this page's server", 5)
        self.find("settings-close").click()
        self.choose()
        self.analyse()
        self.wait_for_result()
        self.assertEqual(other.bodies, [])
        self.assertIsNone(self.run_script("return localStorage.getItem('melascan.server')"))

    def test_what_is_no_address_is_refused_in_words(self):
        for wrong in ("ftp://clinic", "melascan", "javascript:alert(1)", "http://name:word@clinic", "http://clinic/?a=b"):
            with self.subTest(wrong):
                self.save(wrong)
                self.assertTrue(self.is_shown("server-address-error"))
                self.assertGreater(len(self.text("server-address-error")), 20)
                self.assertEqual(self.focused(), "server-address")
                self.assertIsNone(self.run_script("return localStorage.getItem('melascan.server')"))

    def test_a_spoiled_store_does_not_break_the_page(self):
        self.run_script("localStorage.setItem('melascan.server', 'javascript:alert(1)')")
        self.open()
        self.choose()
        self.analyse()
        self.wait_for_result()

    def test_a_server_that_does_not_answer_is_said(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            closed = taken.getsockname()[1]
        self.save(f"http://127.0.0.1:{closed}")
        self.wait_until(lambda: "No answer from the server" in self.text("settings-outcome"), "the words", 10)
        self.find("settings-close").click()
        self.choose()
        self.analyse()
        self.wait_until(lambda: self.is_shown("problem"), "the problem", 10)
        self.assertIn("settings", self.text("problem"))
