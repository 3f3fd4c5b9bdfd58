"""The patient's own page: what is kept under a code, and its end."""

import json
import urllib.request
import uuid

from archive import CONTROLLER, ArchiveTest
from page import photo


class AWithdrawal(ArchiveTest):
    has_token = False  # the patient's own device

    def open(self, path="/withdraw/"):
        super().open(path)

    def post(self, path, **fields):
        """What the server answers to a doctor's form."""
        boundary = uuid.uuid4().hex
        parts = b"".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
                         + (value if isinstance(value, bytes) else value.encode()) + b"\r\n" for name, value in fields.items())
        request = urllib.request.Request(self.base + path, parts + f"--{boundary}--\r\n".encode(), {
            "Content-Type": f"multipart/form-data; boundary={boundary}", "Authorization": f"Bearer {self.archive.token}"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def consented(self, photos=0):
        """The code of a consent with some donated photos."""
        code = self.post("/v1/consents", processing="granted", donation="granted", text_version="2026-01", language="en")["code"]
        with open(photo(), "rb") as file:
            data = file.read()
        for _ in range(photos):
            self.post("/v1/cases", image=data, consent=code)
        return code

    def withdraw(self, code, scope="all"):
        self.find("code").send_keys(code)
        self.driver.find_element("css selector", f"[name=scope][value={scope}]").click()
        self.find("withdraw").click()


class WithScript(AWithdrawal):
    def test_says_what_is_kept_and_deletes_it(self):
        code = self.consented(2)
        self.open(f"/withdraw/#code={code}")
        self.wait_until(lambda: self.find("code").get_attribute("value") == code, "the code", 5)
        self.assertEqual(self.run_script("return location.href"), self.base + "/withdraw/")
        self.find("look-up").click()
        self.assertRegex(self.wait_for("kept"), r"Photos kept now\n2")
        self.find("withdraw").click()
        text = self.wait_for("outcome")
        self.assertIn("Your consent is withdrawn", text)
        self.assertIn("The 2 photos that were kept", text)
        self.assertNotIn("null", text)
        self.assertRegex(text, r"[0-9a-f]{64}")
        self.assertEqual(self.focused(), "outcome-title")
        self.assertEqual(self.post("/v1/consents/lookup", code=code)["photos"], 0)
        self.find("again").click()
        self.assertEqual(self.find("code").get_attribute("value"), "")
        self.find("code").send_keys(code)
        self.find("look-up").click()
        self.assertIn("was withdrawn on", self.wait_for("kept"))

    def test_can_end_one_part(self):
        for scope, words in {"donation": "Your consent to the analysis", "processing": "are kept: your consent to that still stands"}.items():
            with self.subTest(scope):
                code = self.consented(1)
                self.open()
                self.withdraw(code.lower().replace("-", " "), scope)
                text = self.wait_for("outcome")
                self.assertIn("This part of your consent is withdrawn", text)
                self.assertIn(words, text)
                self.assertEqual(self.post("/v1/consents/lookup", code=code)["photos"], 0 if scope == "donation" else 1)

    def test_of_a_code_that_there_is_none_of_says_so_at_the_field(self):
        for code, words in {"ABC": "20 letters and digits", "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ": "no consent with this code", "UUUUU-UUUUU-UUUUU-UUUUU": "groups of five"}.items():
            with self.subTest(code):
                self.find("code").clear()
                self.withdraw(code)
                self.wait_until(lambda: words in self.text("code-error"), words, 10)
                self.assertEqual(self.focused(), "code")

    def test_sends_no_token_and_names_the_practice(self):
        self.run_script("localStorage.setItem('melascan.token', arguments[0])", self.archive.token)
        self.open()
        self.assertIn(CONTROLLER, self.wait_for("contact"))
        self.find("code").send_keys("ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ")
        self.find("look-up").click()
        self.wait_for("code-error")
        self.assertEqual({each["authorization"] for each in self.run_script("return sent")}, {None})


class WithoutScript(AWithdrawal):
    has_script = False

    def open(self, path="/withdraw/"):
        super().open(path)

    def everything(self):
        self.wait_until(lambda: not self.driver.find_elements("id", "withdrawal-form"), "the server's page")
        return self.driver.find_element("tag name", "body").text

    def test_works_by_the_form_alone(self):
        for name in ("look-up", "kept", "contact", "none"):
            self.assertFalse(self.is_shown(name), name)
        self.withdraw(self.consented(1))
        text = self.everything()
        self.assertIn("Your consent is withdrawn", text)
        self.assertIn("The photo that was kept and all that was said about it are deleted.", text)
        self.assertRegex(text, r"[0-9a-f]{64}")

    def test_of_one_part_says_what_still_stands(self):
        self.withdraw(self.consented(1), "processing")
        text = self.everything()
        self.assertIn("This part of your consent is withdrawn", text)
        self.assertNotIn("No photo is kept", text)

    def test_of_a_wrong_code_leads_back_to_the_patients_form(self):
        self.withdraw("ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ")
        text = self.everything()
        self.assertIn("There is no consent with this code.", text)
        self.assertIn("Nothing was changed.", text)
        self.assertNotIn("analysed", text)
        self.assertEqual({each.get_attribute("href") for each in self.driver.find_elements("tag name", "a")}, {self.base + "/withdraw/"})


class OnAPhone(WithScript):
    width, height, is_phone = 390, 844, True
