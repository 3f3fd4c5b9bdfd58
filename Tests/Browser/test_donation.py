"""A photo is kept for research, with what is known of it; the histology follows."""

from archive import ArchiveTest
from page import photo

TONES = ["#f6ede4", "#f3e7db", "#f7ead0", "#eadaba", "#d7bd96", "#a07e56", "#825c43", "#604134", "#3a312a", "#292420"]


class ADonation(ArchiveTest):
    def setUp(self):
        super().setUp()
        self.wait_for_terms()

    def offered(self):
        self.result()
        self.click("donation-summary")

    def donate(self):
        self.click("donation-donation")
        self.click("donation-send")
        return self.wait_for("donation-number")

    def test_is_offered_after_a_result_only(self):
        self.assertFalse(self.is_shown("donation"))
        self.choose_and_see()
        self.assertFalse(self.is_shown("donation"))
        self.analyse()
        self.wait_for_result()
        self.assertTrue(self.is_shown("donation"))
        self.assertFalse(self.is_shown("donation-form"))
        self.choose_and_see(photo("second.jpg", 700, 600))
        self.assertFalse(self.is_shown("donation"))

    def test_without_the_patients_agreement_sends_nothing(self):
        self.offered()
        self.assertFalse(self.find("donation-donation").is_selected())
        self.click("donation-send")
        self.assertIn("nothing is kept", self.wait_for("donation-donation-error"))
        self.assertEqual(self.sent("/v1/consents") + self.sent("/v1/cases"), [])

    def test_brings_the_facts_that_were_given(self):
        self.find("age").send_keys("63")
        self.find("sex").send_keys("Female")
        self.find("site").send_keys("Palms")
        self.offered()
        for name, value in {"age": "63", "sex": "female", "site": "palms/soles"}.items():
            self.assertEqual(self.find(f"case-{name}").get_attribute("value"), value)
        self.find("case-site").send_keys("Torso, back")
        self.find("case-fitzpatrick").send_keys("V:")
        self.driver.find_elements("css selector", "#donation .tone input")[7].click()
        self.find("case-diameter").send_keys("4.5")
        for name in ("personal_history", "family_history", "nodular"):
            self.find(f"case-{name}").send_keys("No")
            self.run_script("const select = document.getElementById(arguments[0]); select.value = 'no'", f"case-{name}")
        self.find("case-changed").send_keys("Yes")
        self.find("case-sun_exposure").send_keys("High")
        self.find("case-camera").send_keys("Phone with")
        number = self.donate()
        self.assertRegex(number, r"^[0-9A-Z]{5}-[0-9A-Z]{5}$")
        [consent] = self.sent("/v1/consents")
        self.assertEqual(consent["fields"], [["donation", "granted"], ["text_version", "2026-01"], ["language", "en"], ["given_by", "patient"]])
        [case] = self.sent("/v1/cases")
        self.assertEqual(dict(case["fields"]), {
            "image": "photo", "consent": self.code(), "age": "63", "sex": "female", "site": "posterior torso", "diameter": "4.5", "fitzpatrick": "5",
            "monk": "8", "changed": "yes", "nodular": "no", "personal_history": "no", "family_history": "no", "sun_exposure": "high",
            "camera": "phone with dermatoscope",
        })
        self.assertIn(number, self.text("slip"))
        self.assertEqual(self.focused(), "donation-done-title")

    def test_needs_no_facts_and_no_second_consent_for_the_same_patient(self):
        self.offered()
        self.donate()
        code = self.code()
        self.choose_another()
        self.click("same-yes")
        self.assertEqual(self.code(), code)
        self.assertFalse(self.is_shown("consent-part"), "It is not asked for here.")
        self.analyse()
        self.wait_for_result()
        self.click("donation-summary")
        self.assertFalse(self.is_shown("donation-question"))
        self.click("donation-send")
        self.wait_for("donation-number")
        self.assertEqual(len(self.sent("/v1/consents")), 1)
        self.click("start-over")
        self.assertFalse(self.is_shown("slip"))
        self.assertEqual(self.run_script("return Object.keys(localStorage)"), ["melascan.token"])

    def test_of_another_patients_photo_needs_that_patients_consent(self):
        self.find("age").send_keys("63")
        self.offered()
        self.donate()
        code = self.code()
        self.choose_another()
        self.assertFalse(self.is_shown("donation"))
        self.analyse()
        self.assertIn("Nothing is sent before", self.wait_for("same-error"))
        self.assertEqual(len(self.sent("/v1/analyses")), 1)
        self.click("same-other")
        self.assertFalse(self.is_shown("slip"))
        self.analyse()
        self.wait_for_result()
        self.click("donation-summary")
        self.assertEqual(self.find("case-age").get_attribute("value"), "")
        self.click("donation-send")
        self.assertIn("nothing is kept", self.wait_for("donation-donation-error"))
        self.donate()
        self.assertNotEqual(self.code(), code)
        self.assertEqual(len(self.sent("/v1/consents")), 2)

    def test_says_beside_the_field_what_is_wrong(self):
        self.offered()
        self.click("donation-donation")
        for name, value in {"age": "999", "diameter": "0"}.items():
            self.find(f"case-{name}").send_keys(value)
            self.click("donation-send")
            self.wait_for(f"case-{name}-error")
            self.assertEqual(self.focused(), f"case-{name}")
            self.find(f"case-{name}").clear()
        self.assertEqual(self.sent("/v1/cases"), [])

    def test_that_fails_can_be_sent_again_and_is_kept_once(self):
        # As in a clinic's network without TLS, where browsers have no randomUUID.
        self.run_script("Object.defineProperty(crypto, 'randomUUID', { value: undefined })")
        self.offered()
        self.run_script("""
          window.instead = (url, options) => {
            if (!url.endsWith('/v1/cases')) return null;
            window.instead = null;
            return untouched(url, options).then(() => { throw new TypeError('Failed to fetch'); });
          };
        """)
        self.click("donation-donation")
        self.click("donation-send")
        self.assertIn("No answer from the server", self.wait_for("donation-problem"))
        self.click("donation-send")
        self.wait_for("donation-number")
        one, other = self.sent("/v1/cases")
        self.assertEqual(one["key"], other["key"])
        self.assertRegex(one["key"], r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        self.assertEqual(len(self.sent("/v1/consents")), 1)
        self.open("/withdraw/")

    def test_that_comes_late_says_nothing_to_the_next_patient(self):
        self.offered()
        self.run_script("window.instead = (url) => url.endsWith('/v1/cases') ? new Promise((resolve) => { window.answer = () => resolve(new Response('{\"case\":\"AAAAA-AAAAA\"}', { status: 201, headers: { 'Content-Type': 'application/json' } })); }) : null")
        self.click("donation-donation")
        self.click("donation-send")
        self.wait_until(lambda: self.run_script("return Boolean(window.answer)"), "the call", 10)
        self.click("start-over")
        self.run_script("answer()")
        self.wait_until(lambda: not self.is_shown("donation"), "nothing")
        self.assertNotIn("AAAAA", self.run_script("return document.documentElement.outerHTML"))

    def test_shows_ten_skin_tones_by_name_and_none_chosen(self):
        self.offered()
        tones = self.run_script("""
          return [...document.querySelectorAll('#donation .tone__swatch')].map((node) => [getComputedStyle(node).backgroundColor, node.previousElementSibling.getAttribute('aria-label')]);
        """)
        expected = [f"rgb({int(tone[1:3], 16)}, {int(tone[3:5], 16)}, {int(tone[5:], 16)})" for tone in TONES]
        self.assertEqual([tone for tone, _ in tones], expected)
        self.assertEqual(len({name for _, name in tones}), 10)
        self.assertEqual(self.run_script("return document.getElementById('donation-form').elements.monk.value"), "")


class TheHistology(ArchiveTest):
    def setUp(self):
        super().setUp()
        self.wait_for_terms()

    def test_is_added_to_a_donated_photo(self):
        self.result()
        self.click("donation-summary")
        self.click("donation-donation")
        self.click("donation-send")
        number = self.wait_for("donation-number")
        self.open("/histology/")
        self.find("case").send_keys(number.lower())
        self.find("histology").send_keys("Melanoma in situ")
        self.find("histology-send").click()
        self.assertIn(f"{number}: Melanoma in situ.", self.wait_for("outcome"))
        [sent] = self.sent("/v1/cases/histology")
        self.assertEqual(sent["fields"], [["case", number.lower()], ["histology", "melanoma in situ"]])
        self.assertEqual(sent["authorization"], f"Bearer {self.archive.token}")
        self.assertEqual(self.find("case").get_attribute("value"), "")

    def test_needs_a_number_that_there_is(self):
        self.open("/histology/")
        self.find("histology-send").click()
        self.assertTrue(self.is_shown("case-error"))
        self.assertTrue(self.is_shown("histology-error"))
        self.assertEqual(self.focused(), "case")
        self.find("case").send_keys("00000-00000")
        self.find("histology").send_keys("Nevus")
        self.find("histology-send").click()
        self.assertIn("no case with this number", self.wait_for("problem"))

    def test_offers_what_the_server_takes(self):
        self.open("/histology/")
        offered = self.run_script("return [...document.getElementById('histology').options].map((each) => each.value).filter(Boolean)")
        self.assertEqual(len(offered), 14)
        for each in (offered[0], offered[6], offered[13]):
            self.run_script("document.getElementById('case').value = '00000-00000'; document.getElementById('histology').value = arguments[0]", each)
            self.find("histology-send").click()
            self.assertIn("no case with this number", self.wait_for("problem"))

    def test_without_a_token_says_where_to_give_one(self):
        self.run_script("localStorage.clear()")
        self.open("/histology/")
        self.find("case").send_keys("00000-00000")
        self.find("histology").send_keys("Nevus")
        self.find("histology-send").click()
        self.assertIn("start page", self.wait_for("problem"))
