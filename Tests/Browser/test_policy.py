"""Nothing leaves the server that the page came from, and its content security policy holds."""

import json
import urllib.parse

from page import BASE, PageTest, ask


class Policy(PageTest):
    def whole_visit(self):
        self.choose_and_see()
        self.find("age").send_keys("63")
        self.analyse()
        self.wait_for_result()
        self.find("settings-open").click()
        self.find("settings-close").click()
        self.find("start-over").click()

    def test_no_request_leaves_the_origin(self):
        self.whole_visit()
        addresses = set()
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                addresses.add(message["params"]["request"]["url"])
        self.assertIn(BASE + "/v1/analyses", addresses)
        origin = urllib.parse.urlsplit(BASE)[:2]
        strangers = [each for each in addresses
                     if not each.startswith(f"blob:{BASE}/") and urllib.parse.urlsplit(each)[:2] != origin]
        self.assertEqual(strangers, [])

    def test_nothing_breaks_the_policy_and_the_console_stays_empty(self):
        self.whole_visit()
        self.assertEqual(self.run_script("return breaches"), [])
        self.assertEqual([entry["message"] for entry in self.driver.get_log("browser")], [])

    def test_the_policy_is_there_and_forbids_inline_script(self):
        headers, _ = ask("/")
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.run_script("""
          const script = document.createElement('script');
          script.textContent = 'window.wasRun = true';
          document.head.append(script);
        """)
        self.wait_until(lambda: self.run_script("return breaches.length") > 0, "the breach to be noted", 5)
        self.assertIsNone(self.run_script("return window.wasRun ?? null"))

    def test_nothing_about_the_patient_is_kept_in_the_browser(self):
        self.whole_visit()
        self.assertEqual(self.run_script("return [localStorage.length, sessionStorage.length, document.cookie]"), [0, 0, ""])
