"""The form works by itself: the server answers with a page."""

from page import PageTest, keep, photo


class WithoutScript(PageTest):
    has_script = False
    width, height, is_phone = 390, 844, True

    def send(self, path):
        self.choose(path)
        self.analyse()
        self.wait_until(lambda: not self.driver.find_elements("id", "analysis-form"), "the server's page")

    def everything(self):
        return self.driver.find_element("tag name", "body").text

    def test_what_needs_script_is_not_shown(self):
        for name in ("settings-open", "camera-input", "server-state", "progress", "cancel", "result", "problem"):
            self.assertFalse(self.is_shown(name), name)
        for name in ("file-input", "age", "sex", "site", "analyse"):
            self.assertTrue(self.is_shown(name), name)

    def test_the_form_fits_its_card(self):
        card, button = self.run_script("""
          const right = (selector) => document.querySelector(selector).getBoundingClientRect().right;
          return [right('#photo-part'), Math.max(right('#file-button'), right('#file-input'))];
        """)
        self.assertLess(button, card)

    def test_the_form_gives_a_result_page(self):
        self.find("age").send_keys("63")
        self.send(photo())
        text = self.everything()
        self.assertIn("Decision support, not a diagnosis. For the final diagnosis refer to the biopsy.", text)
        self.assertRegex(text, r"Flagged|Not flagged|Cannot judge")
        self.assertRegex(text, r"\d %")
        self.assertNotIn("benign", text.lower())
        self.assertTrue(self.driver.find_elements("css selector", ".gauge"))

    def test_the_result_page_fits_the_phone_and_its_policy(self):
        self.send(photo())
        width = self.run_script("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        self.assertLessEqual(width[0], width[1])
        wrong = [entry["message"] for entry in self.driver.get_log("browser") if "Content Security Policy" in entry["message"]]
        self.assertEqual(wrong, [])
        self.assertEqual(self.driver.find_elements("css selector", "[style], style, script:not([src])"), [])

    def test_a_png_gets_a_page_with_words(self):
        self.send(keep("mole.png", b"\x89PNG\r\n\x1a\n" + bytes(64)))
        self.assertIn("JPEG", self.everything())
        self.assertTrue(self.driver.find_elements("css selector", ".problem"))
