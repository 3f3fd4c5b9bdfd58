"""Whether the server knows this device: the token's way into the browser, and out of it."""

from archive import STRANGER, ArchiveTest
from page import PageTest, ask
from test_settings import OtherServer


class AToken(ArchiveTest):
    has_token = False

    def kept(self):
        return self.run_script("return localStorage.getItem('melascan.token')")

    def give(self, token):
        self.wait_for("access-token")
        self.find("access-token").send_keys(token)
        self.driver.find_element("css selector", "#access-form [type=submit]").click()

    def assert_known(self, token):
        self.wait_until(lambda: "now known" in self.text("access"), "the device to be known", 10)
        self.wait_until(lambda: "Intended use" in self.text("ensemble"), "the ensemble", 10)
        self.assertEqual(self.kept(), token)
        self.assertFalse(self.is_shown("access-form"))
        self.assertNotIn(token, self.run_script("return document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((each) => each.value)"))

    def test_is_asked_for_calmly(self):
        text = self.wait_for("access")
        self.assertIn("This device needs a token", text)
        self.assertIn("administrator can print a code", text)
        self.assertEqual(self.text("server-state"), "Token needed")
        self.assertFalse(self.is_shown("ensemble"))
        self.assertFalse(self.is_shown("problem"))

    def test_is_asked_for_when_a_photo_is_to_be_analysed(self):
        self.wait_for("access")
        self.choose_and_see()
        self.analyse()
        self.wait_until(lambda: self.focused() == "access-title", "the card", 10)
        self.assertFalse(self.is_shown("result"))

    def test_comes_with_a_link_and_leaves_the_address_at_once(self):
        self.driver.get(self.base + "/favicon.svg")
        self.open(f"/#token={self.archive.token}")
        self.assertEqual(self.run_script("return location.href"), self.base + "/")
        self.assert_known(self.archive.token)

    def test_comes_with_a_link_into_a_page_that_is_open(self):
        self.wait_for("access")
        self.run_script("location.hash = arguments[0]", f"token={self.archive.token}")
        self.assert_known(self.archive.token)
        self.assertEqual(self.run_script("return location.href"), self.base + "/")

    def test_can_be_pasted_and_is_there_after_a_reload(self):
        self.give(f" {self.archive.token}\t")
        self.assert_known(self.archive.token)
        self.open()
        self.wait_until(lambda: "Intended use" in self.text("ensemble"), "the ensemble", 10)
        self.assertFalse(self.is_shown("access"))
        self.result()
        self.assertEqual({each["authorization"] for each in self.run_script("return sent")}, {f"Bearer {self.archive.token}"})

    def test_that_is_cut_short_is_refused_in_words(self):
        self.give(self.archive.token[:40])
        self.assertIn("66 characters", self.text("access-error"))
        self.assertEqual(self.focused(), "access-token")
        self.assertIsNone(self.kept())

    def test_that_the_server_does_not_know_is_not_kept(self):
        self.give(STRANGER)
        self.wait_until(lambda: "does not know this token" in self.text("access"), "the words", 10)
        self.assertTrue(self.is_shown("access-form"))
        self.assertIsNone(self.kept())

    def test_in_a_broken_link_is_refused_in_words(self):
        self.open("/#token=mela_x")
        self.wait_until(lambda: "needs a token" in self.text("access") and "no whole token" in self.text("access-error"), "the words", 10)
        self.assertEqual(self.run_script("return location.hash"), "")
        self.assertIsNone(self.kept())

    def test_was_tried_too_often(self):
        token = "mela_1111" + "2222_" + "0" * 52
        for _ in range(10):
            with self.assertRaises(OSError):
                ask("/v1/ensemble", headers={"Authorization": f"Bearer {token}"}, base=self.base)
        self.give(token)
        self.wait_until(lambda: "Too many wrong tokens" in self.text("ensemble"), "the server's words", 10)


class AKeptToken(ArchiveTest):
    def test_that_was_revoked_is_not_known_any_more(self):
        token = self.archive.admit("Room 2")
        self.run_script("localStorage.setItem('melascan.token', arguments[0])", token)
        self.open()
        self.wait_until(lambda: "Intended use" in self.text("ensemble"), "the ensemble", 10)
        self.archive.revoke("Room 2")
        self.choose_and_see()
        self.analyse()
        self.wait_until(lambda: "not known any more" in self.text("access"), "the words", 10)
        self.find("access-forget").click()
        self.wait_until(lambda: "needs a token" in self.text("access"), "the question", 10)
        self.assertIsNone(self.run_script("return localStorage.getItem('melascan.token')"))

    def test_stays_when_a_link_brings_one_that_is_not_known(self):
        self.run_script("location.hash = arguments[0]", f"token={STRANGER}")
        self.wait_until(lambda: "does not know the new token" in self.text("access"), "the words", 10)
        self.wait_until(lambda: "Intended use" in self.text("ensemble"), "the ensemble", 10)
        self.assertEqual(self.run_script("return localStorage.getItem('melascan.token')"), self.archive.token)

    def test_of_an_auditor_analyses_nothing(self):
        token = self.archive.admit(f"Auditor {id(self)}", "auditor")
        self.run_script("localStorage.setItem('melascan.token', arguments[0])", token)
        self.open()
        self.choose_and_see()
        self.analyse()
        self.assertIn("role does not allow this", self.wait_for("problem"))

    def test_goes_to_no_other_server(self):
        other = OtherServer()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        self.find("settings-open").click()
        self.assertIn("A token is kept", self.text("device-token-state"))
        self.find("server-address").send_keys(other.address)
        self.assertIn("No token is kept", self.text("device-token-state"))
        self.driver.find_element("css selector", "#settings-form [type=submit]").click()
        self.wait_until(lambda: "elsewhere" in self.text("settings-outcome"), "the other server", 10)
        self.find("settings-close").click()
        self.result()
        there = [each["authorization"] for each in self.run_script("return sent") if each["url"].startswith(other.address)]
        self.assertGreater(len(there), 2)
        self.assertEqual(set(there), {None})

    def test_can_be_forgotten_and_replaced_in_the_settings(self):
        self.find("settings-open").click()
        self.find("settings-forget").click()
        self.wait_until(lambda: "asks for a token" in self.text("settings-outcome"), "the answer", 10)
        self.assertIn("No token is kept", self.text("device-token-state"))
        self.assertFalse(self.is_shown("settings-forget"))
        self.find("device-token").send_keys("mela_1")
        self.driver.find_element("css selector", "#settings-form [type=submit]").click()
        self.assertIn("66 characters", self.text("device-token-error"))
        self.find("device-token").clear()
        self.find("device-token").send_keys(self.archive.token)
        self.driver.find_element("css selector", "#settings-form [type=submit]").click()
        self.wait_until(lambda: "The server answers" in self.text("settings-outcome"), "the answer", 10)
        self.assertIn("A token is kept", self.text("device-token-state"))
        self.assertEqual(self.find("device-token").get_attribute("value"), "")


class WithoutScript(ArchiveTest):
    has_script = False

    def test_the_servers_page_says_that_a_token_needs_script(self):
        self.choose()
        self.analyse()
        self.wait_until(lambda: not self.driver.find_elements("id", "analysis-form"), "the server's page")
        self.assertIn("Allow script", self.driver.find_element("tag name", "body").text)


class WithoutRecords(PageTest):
    def test_nothing_is_offered_that_the_server_does_not_keep(self):
        self.choose_and_see()
        self.analyse()
        self.wait_for_result()
        for name in ("access", "consent-part", "slip", "donation", "foot"):
            self.assertFalse(self.is_shown(name), name)
