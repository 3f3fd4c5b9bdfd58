"""The patient's own page: what is kept under a code, and its end."""

import json
import urllib.request
import uuid

from archive import CONTROLLER, ArchiveTest
from page import photo

ANY_CODE = "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ"


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

    def answer(self, promise):
        """What comes in place of the server's answer; `untouched(url, options)` is the server's."""
        self.run_script("window.instead = (url, options) => /(withdrawals|lookup)$/.test(url) ? " + promise + " : null")


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

    def test_that_the_server_refuses_changed_nothing(self):
        self.answer("Promise.resolve(new Response('', { status: 429 }))")
        self.withdraw(ANY_CODE)
        self.assertIn("Nothing was changed.", self.wait_for("problem"))
        self.assertNotIn("not certain", self.text("problem"))
        self.assertFalse(self.is_shown("problem-retry"))

    def test_without_an_answer_is_not_said_to_have_changed_nothing(self):
        for answer in ("Promise.reject(new TypeError('Failed to fetch'))",
                       "Promise.resolve(new Response('', { status: 500 }))",
                       "Promise.resolve(new Response('', { status: 504 }))",
                       "Promise.resolve(new Response('<html>'))",
                       "Promise.resolve(new Response(new ReadableStream({ start: (pipe) => pipe.error() })))"):
            with self.subTest(answer):
                self.open()
                self.answer(answer)
                self.withdraw(ANY_CODE)
                text = self.wait_for("problem")
                self.assertEqual(self.focused(), "problem-title")
                self.assertIn("not certain whether your consent was withdrawn", text)
                self.assertIn("does no harm", text)
                self.assertNotIn("Nothing was changed", text)
                self.assertNotIn("photo", text)

    def test_that_is_refused_at_a_second_try_says_nothing_of_the_first(self):
        for first, button in {"Promise.reject(new TypeError('Failed to fetch'))": "problem-retry", "new Promise(() => {})": "withdraw"}.items():
            with self.subTest(first):
                self.open()
                self.answer(first)
                self.withdraw(ANY_CODE)
                self.wait_until(lambda: self.is_shown(button), button, 10)
                self.answer("Promise.resolve(new Response('', { status: 429 }))")
                self.click(button)
                self.wait_until(lambda: "Too many requests" in self.text("problem"), "the refusal", 10)
                self.assertIn("not certain", self.text("problem"))
                self.assertNotIn("Nothing was changed", self.text("problem"))

    def test_whose_answer_is_lost_is_sent_again(self):
        code = self.consented(1)
        self.answer("untouched(url, options).then(() => { throw new TypeError('Failed to fetch'); })")
        self.withdraw(code, "donation")
        self.wait_for("problem")
        self.assertEqual(self.post("/v1/consents/lookup", code=code)["photos"], 0)
        self.run_script("window.instead = null")
        self.click("problem-retry")
        text = self.wait_for("outcome")
        self.assertFalse(self.is_shown("problem"))
        self.assertIn("This part of your consent is withdrawn", text)
        self.assertRegex(text, r"[0-9a-f]{64}")
        one, other = self.sent("/v1/withdrawals")
        self.assertEqual(one["fields"], other["fields"])

    def test_of_nothing_says_so_and_shows_no_proof(self):
        for rest, words in {'["processing"]': "Your consent to the analysis", '["donation"]': "are kept: your consent to that still stands", "[]": "No photo is kept"}.items():
            with self.subTest(rest):
                self.open()
                self.answer("Promise.resolve(Response.json({ consent: 'a', time: '2026-11-24T19:55:57.350Z', photos_deleted: 0, still_granted: %s }))" % rest)
                self.withdraw(ANY_CODE)
                text = self.wait_for("outcome")
                self.assertIn("There was nothing to withdraw under this code", text)
                self.assertIn(words, text)
                for wrong in ("is withdrawn", "proof", "Check sum", "it ended"):
                    self.assertNotIn(wrong, text)

    def test_look_up_that_fails_speaks_of_no_withdrawal(self):
        self.answer("Promise.reject(new TypeError('Failed to fetch'))")
        self.find("code").send_keys(ANY_CODE)
        self.find("look-up").click()
        self.assertNotRegex(self.wait_for("problem"), "not certain|changed")
        self.assertFalse(self.is_shown("problem-retry"))

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
