"""In the cloud the patient is asked before anything of the photo leaves; over TLS, against the real server."""

from archive import CONTROLLER, ArchiveTest, cloud
from page import keep

UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
CODE = r"^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$"


class TheConsent(ArchiveTest):
    server = staticmethod(cloud)

    def setUp(self):
        super().setUp()
        self.wait_for("consent-part")

    def agreed(self):
        """A result with the patient's consent."""
        self.choose_and_see()
        self.click("consent-processing")
        self.analyse()
        self.wait_for_result()

    def test_is_asked_in_plain_words_and_nothing_is_ticked(self):
        text = self.text("consent-part")
        for words in ("is sent, encrypted, to a computer outside this practice", "The patient agrees", "voluntary", "the photo is not sent", "in the usual way"):
            self.assertIn(words, text)
        self.assertNotIn("I agree that a photo of my skin", text)
        self.click_on(self.driver.find_element("css selector", "#consent-part summary"))
        text = self.text("consent-part")
        self.assertIn("I agree that a photo of my skin", text)
        self.assertIn(CONTROLLER, text)
        for purpose in ("processing", "donation"):
            self.assertFalse(self.find(f"consent-{purpose}").is_selected())

    def test_that_is_not_given_sends_nothing(self):
        self.choose_and_see()
        self.analyse()
        self.assertIn("Without the patient’s agreement the photo is not sent.", self.wait_for("consent-processing-error"))
        self.assertEqual(self.focused(), "consent-processing")
        self.assertFalse(self.is_shown("progress"))
        self.assertEqual([each for each in self.run_script("return sent") if each["method"] == "POST"], [])

    def test_is_recorded_before_the_photo_is_sent(self):
        self.agreed()
        first, second = [each for each in self.run_script("return sent") if each["method"] == "POST"]
        self.assertTrue(first["url"].endswith("/v1/consents"))
        self.assertEqual(first["fields"], [["processing", "granted"], ["donation", "refused"], ["text_version", "2026-01"], ["language", "en"], ["given_by", "patient"]])
        self.assertRegex(first["key"], UUID)
        self.assertTrue(second["url"].endswith("/v1/analyses"))
        self.assertRegex(self.code(), CODE)
        self.assertIn(["consent", self.code()], second["fields"])

    def test_gives_the_patient_a_slip_that_prints_alone(self):
        self.agreed()
        text = self.text("slip")
        for words in ("Give this to the patient", f"{self.base}/withdraw/", CONTROLLER, "given, until"):
            self.assertIn(words, text)
        self.run_script("window.print = () => { window.wasPrinted = document.documentElement.dataset.print; }")
        self.click("slip-print")
        self.assertEqual(self.run_script("return window.wasPrinted"), "slip")
        self.command("Emulation.setEmulatedMedia", media="print")
        self.addCleanup(self.command, "Emulation.setEmulatedMedia", media="")
        shown = [name for name in ("analysis-form", "ensemble", "result-title", "donation", "slip-print", "foot", "slip-body") if self.is_shown(name)]
        self.assertEqual(shown, ["slip-body"])
        self.assertIn(self.code(), self.driver.find_element("tag name", "body").text.replace("\n", ""))
        self.run_script("dispatchEvent(new Event('afterprint'))")
        self.assertTrue(self.is_shown("result-title"))

    def test_serves_further_photos_of_the_same_patient(self):
        self.agreed()
        code = self.code()
        self.assertIn("further photos of the same patient", self.text("consent-part"))
        self.choose_another()
        self.click("same-yes")
        self.assertFalse(self.is_shown("same-patient"))
        self.assertEqual(self.focused(), "analyse")
        self.assertTrue(self.is_shown("consent-given"))
        self.analyse()
        self.wait_for_result()
        self.assertEqual(self.code(), code)
        self.assertEqual(len(self.sent("/v1/consents")), 1)
        self.assertEqual([each["fields"][-1] for each in self.sent("/v1/analyses")], [["consent", code]] * 2)

    def test_is_not_used_for_another_photo_before_it_is_said_whose_that_is(self):
        self.agreed()
        code = self.code()
        self.choose_another()
        self.assertEqual(self.focused(), "same-title")
        for name in ("consent-part", "donation", "result"):
            self.assertFalse(self.is_shown(name), name)
        self.assertTrue(self.run_script("""
          const box = (name) => document.getElementById(name).getBoundingClientRect();
          return box('same-other').bottom <= box('actions').top && box('preview-frame').bottom > 0;
        """), "The answers are in sight, with something of the photo.")
        self.assertEqual(self.code(), code, "The slip can still be printed.")
        self.analyse()
        self.assertIn("Nothing is sent before", self.wait_for("same-error"))
        self.assertEqual(self.focused(), "same-title")
        self.assertFalse(self.is_shown("progress"))
        self.assertEqual(len(self.sent("/v1/analyses")), 1)
        self.click("same-yes")
        self.choose_another()
        self.assertFalse(self.is_shown("same-error"))

    def test_is_forgotten_when_the_photo_is_of_another_patient(self):
        self.find("age").send_keys("63")
        self.agreed()
        code = self.code()
        self.choose_another()
        self.click("same-other")
        for name in ("same-patient", "slip", "consent-given"):
            self.assertFalse(self.is_shown(name), name)
        self.assertNotIn(code, self.run_script("return document.documentElement.outerHTML"))
        self.assertEqual(self.find("age").get_attribute("value"), "")
        self.assertEqual(self.focused(), "patient-title")
        self.assertTrue(self.is_shown("preview-frame"), "The photo stays.")
        self.assertFalse(self.find("consent-processing").is_selected())
        self.analyse()
        self.wait_for("consent-processing-error")
        self.assertEqual(len(self.sent("/v1/analyses")), 1)
        self.click("consent-processing")
        self.analyse()
        self.wait_for_result()
        self.assertNotEqual(self.code(), code)
        self.assertIn(["consent", self.code()], self.sent("/v1/analyses")[-1]["fields"])

    def test_of_a_photo_without_a_result_is_not_used_for_another_one(self):
        self.choose_and_see()
        self.click("consent-processing")
        self.run_script("window.instead = (url) => url.endsWith('/v1/analyses') ? Promise.reject(new TypeError('Failed to fetch')) : null")
        self.analyse()
        self.wait_for("problem")
        self.choose_another()

    def test_is_in_question_only_as_long_as_there_is_a_photo(self):
        self.agreed()
        self.choose_another()
        self.choose(keep("words.jpg", b"no photo"))
        self.wait_for("photo-error")
        self.assertFalse(self.is_shown("same-patient"))
        self.choose_another()
        self.click("settings-open")
        self.click("settings-reset")
        self.wait_until(lambda: "The server answers" in self.text("settings-outcome"), "the answer", 10)
        self.click("settings-close")
        self.assertTrue(self.is_shown("same-patient"))
        self.assertFalse(self.is_shown("consent-part"))

    def test_is_forgotten_with_the_patient(self):
        for button in ("start-over", "consent-over"):
            with self.subTest(button):
                self.agreed()
                code = self.code()
                self.click(button)
                self.assertFalse(self.is_shown("slip"))
                self.assertFalse(self.find("consent-processing").is_selected())
                everything = self.run_script("return document.documentElement.outerHTML + JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])")
                self.assertNotIn(code, everything)
                self.choose_and_see()
                self.analyse()
                self.wait_for("consent-processing-error")

    def test_is_sent_again_under_the_same_key(self):
        self.choose_and_see()
        self.click("consent-processing")
        self.run_script("window.instead = (url) => url.endsWith('/v1/consents') ? Promise.reject(new TypeError('Failed to fetch')) : null")
        self.analyse()
        self.assertIn("No answer from the server", self.wait_for("problem"))
        self.assertEqual(self.sent("/v1/analyses"), [])
        self.run_script("window.instead = null")
        self.find("problem-retry").click()
        self.wait_for_result()
        one, other = self.sent("/v1/consents")
        self.assertEqual(one["key"], other["key"])

    def test_that_was_withdrawn_is_asked_for_again(self):
        self.agreed()
        self.run_script("return fetch('/v1/withdrawals', { method: 'POST', body: (() => { const form = new FormData(); form.append('code', arguments[0]); return form; })() })", self.code())
        self.analyse()
        self.assertIn("Ask the patient again", self.wait_for("consent-why"))
        self.assertFalse(self.is_shown("slip"))
        self.assertFalse(self.find("consent-processing").is_selected())
        self.click("consent-processing")
        self.analyse()
        self.wait_for_result()

    def test_is_asked_for_when_the_server_begins_to_ask(self):
        self.run_script("""
          window.instead = (url) => url.endsWith('/v1/consent-texts') ? Promise.resolve(new Response('{"mode":"clinic","consent_required":false,"donation":false,"texts":[]}',
            { headers: { 'Content-Type': 'application/json' } })) : null;
        """)
        self.find("settings-open").click()
        self.find("settings-reset").click()
        self.wait_until(lambda: not self.is_shown("consent-part"), "the terms", 10)
        self.find("settings-close").click()
        self.run_script("window.instead = null")
        self.choose_and_see()
        self.analyse()
        self.assertIn("only with the patient’s consent", self.wait_for("consent-why"))
        self.click("consent-processing")
        self.analyse()
        self.wait_for_result()

    def test_is_asked_for_again_in_new_words(self):
        self.choose_and_see()
        self.click("consent-processing")
        self.run_script("""
          window.instead = (url) => url.endsWith('/v1/consents') ? Promise.resolve(new Response(
            '{"type":"urn:melascan:problem:field-invalid","title":"x","status":422,"detail":"x","field":"text_version"}',
            { status: 422, headers: { 'Content-Type': 'application/problem+json' } })) : null;
        """)
        self.analyse()
        self.assertIn("The words have changed.", self.wait_for("consent-why"))
        self.assertFalse(self.find("consent-processing").is_selected())
        self.assertEqual(self.sent("/v1/analyses"), [])

    def test_is_in_the_patients_language(self):
        self.choose_and_see()
        self.click("consent-processing")
        self.find("consent-language").send_keys("Deutsch")
        self.assertEqual(self.find("consent-processing-summary").get_attribute("lang"), "de")
        self.assertIn("außerhalb dieser Praxis", self.text("consent-processing-summary"))
        self.assertFalse(self.find("consent-processing").is_selected(), "Ticked for other words.")
        self.find("consent-giver").send_keys("A parent")
        self.click("consent-processing")
        self.analyse()
        self.wait_for_result()
        [sent] = self.sent("/v1/consents")
        self.assertEqual(sent["fields"][-2:], [["language", "de"], ["given_by", "guardian"]])

    def test_to_keeping_the_photo_is_not_asked_for_twice(self):
        self.click("consent-donation")
        self.agreed()
        self.click("donation-summary")
        self.assertFalse(self.is_shown("donation-question"))
        self.click("donation-send")
        self.assertRegex(self.wait_for("donation-number"), r"^[0-9A-Z]{5}-[0-9A-Z]{5}$")
        self.assertEqual(len(self.sent("/v1/consents")), 1)

    def test_to_keeping_the_photo_can_follow(self):
        self.agreed()
        code = self.code()
        self.click("donation-summary")
        self.click("donation-donation")
        self.click("donation-send")
        self.wait_for("donation-number")
        self.assertEqual(self.sent("/v1/consents")[-1]["fields"], [["donation", "granted"], ["text_version", "2026-01"], ["language", "en"], ["given_by", "patient"], ["consent", code]])
        self.assertEqual(self.code(), code)

    def test_is_not_skipped_while_the_terms_are_not_known(self):
        self.run_script("""
          window.instead = (url) => url.endsWith('/v1/consent-texts') ? Promise.resolve(new Response('', { status: 500 })) : null;
        """)
        self.find("settings-open").click()
        self.find("settings-reset").click()
        self.wait_until(lambda: "The server answers" in self.text("settings-outcome"), "the answer", 10)
        self.find("settings-close").click()
        self.choose_and_see()
        self.analyse()
        self.wait_for("problem")
        self.assertEqual(self.sent("/v1/analyses"), [])


class OnAPhone(TheConsent):
    width, height, is_phone, scheme = 390, 844, True, "dark"
