"""How it looks can be measured: widths, contrasts, sizes, names."""

from archive import ArchiveTest, cloud
from page import Keys, PageTest

CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
const linear = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
function behind(node) {
  for (; node; node = node.parentElement) { const colour = rgba(getComputedStyle(node).backgroundColor); if (colour[3] > 250) return colour; }
  return rgba('Canvas');
}
const found = [];
for (const node of document.querySelectorAll(arguments[0])) {
  if (node.getClientRects().length === 0 || node.textContent.trim() === '') continue;
  const style = getComputedStyle(node);
  const [one, other] = [luminance(rgba(node.ownerSVGElement ? style.fill : style.color)), luminance(behind(node))];
  found.push([node.className.baseVal ?? node.className ?? '', node.textContent.trim().slice(0, 30),
              (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)]);
}
return found;
"""
NAMELESS = """
return [...document.querySelectorAll('input, select, button')]
  .filter((node) => !(node.labels?.length || node.textContent.trim() || node.getAttribute('aria-label')))
  .map((node) => node.id);
"""
TEXTS = ("h1, h2, h3, legend, label, .hint, .button, .state, .optional, .notice, .field-error, summary, dt, dd, th, td, caption, "
         ".verdict p, .verdict li, .score__label, .score__value, .score__warning, .spread, .remarks li, .gauge text, .problem p, .why, .tick, "
         ".asked__summary, .asked__text, .slip__code, .tone__number, .card > p")


class Layout:
    """Tests for each width and scheme below."""

    def states(self):
        """The page empty, refused, and with a result."""
        yield "empty"
        self.analyse()
        self.find("age").send_keys("999")
        self.press(Keys.TAB)
        self.wait_until(lambda: self.is_shown("photo-error"), "the words", 5)
        yield "refused"
        self.open()
        self.choose_and_see()
        self.analyse()
        self.wait_for_result()
        yield "result"

    def test_nothing_is_wider_than_the_screen(self):
        for state in self.states():
            with self.subTest(state):
                seen, there = self.run_script("const { clientWidth, scrollWidth } = document.documentElement; return [clientWidth, scrollWidth]")
                self.assertEqual(seen, self.width)
                self.assertLessEqual(there, seen)

    def test_all_texts_stand_out(self):
        for state in self.states():
            with self.subTest(state):
                found = self.run_script(CONTRAST, TEXTS)
                self.assertGreater(len(found), 5)
                self.assertEqual([each for each in found if each[2] < 4.5], [])

    def test_everything_to_touch_is_large_enough(self):
        for state in self.states():
            with self.subTest(state):
                small = self.run_script("""
                  return [...document.querySelectorAll('button, select, input:not([type=file]), .pick label, summary, a')]
                    .filter((node) => node.getClientRects().length > 0)
                    .map((node) => node.closest('.tick, .tone') ?? node) // all of which can be touched
                    .map((node) => [node.id || node.className || node.tagName, node.getBoundingClientRect().height, node.getBoundingClientRect().width])
                    .filter(([, height, width]) => height < 43.9 || width < 43.9);
                """)
                self.assertEqual(small, [])


class PhoneLight(Layout, PageTest):
    width, height, is_phone = 390, 844, True


class PhoneDark(Layout, PageTest):
    width, height, is_phone, scheme = 390, 844, True, "dark"

    def test_it_is_dark(self):
        self.assertEqual(self.run_script("return getComputedStyle(document.body).backgroundColor"), "rgb(18, 22, 29)")


class SmallPhone(Layout, PageTest):
    width, height, is_phone = 320, 568, True


class Desktop(Layout, PageTest):
    width, height = 1280, 900

    def test_form_and_result_stand_side_by_side(self):
        self.choose_and_see()
        self.analyse()
        self.wait_for_result()
        self.assertTrue(self.run_script("""
          const box = (id) => document.getElementById(id).getBoundingClientRect();
          return box('result').left > box('analysis-form').right;
        """))


class ArchiveLayout(Layout):
    """The same for what only a server with records shows."""

    server = staticmethod(cloud)

    def states(self):
        """A device that is not known, the consent refused, the slip and the donation, the pages beside."""
        self.run_script("localStorage.clear()")
        self.open()
        self.wait_for("access")
        yield "token"
        self.before_open()
        self.open()
        self.wait_for("consent-part")
        self.choose_and_see()
        for summary in self.driver.find_elements("css selector", "#consent-part summary"):
            self.run_script("arguments[0].click()", summary)
        self.analyse()
        self.wait_for("consent-processing-error")
        yield "consent"
        self.click("consent-processing")
        self.analyse()
        self.wait_for_result()
        self.click("donation-summary")
        yield "donation"
        self.click("donation-donation")
        self.click("donation-send")
        self.wait_for("donation-done")
        code = self.code()
        yield "donated"
        self.choose_another()
        self.analyse()
        self.wait_for("same-error")
        yield "whose photo"
        self.open("/histology/")
        self.find("histology-send").click()
        yield "histology"
        self.open("/withdraw/#code=" + code)
        self.find("look-up").click()
        self.wait_for("kept")
        yield "look-up"
        self.find("withdraw").click()
        self.wait_for("outcome")
        yield "withdrawn"


class ArchiveOnAPhone(ArchiveLayout, ArchiveTest):
    width, height, is_phone = 390, 844, True


class ArchiveOnASmallPhone(ArchiveLayout, ArchiveTest):
    width, height, is_phone, scheme = 320, 568, True, "dark"


class ArchiveOnADesktop(ArchiveLayout, ArchiveTest):
    def test_each_control_has_a_name(self):
        for state in self.states():
            with self.subTest(state):
                self.assertEqual(self.run_script(NAMELESS), [])

    def test_nothing_breaks_the_policy(self):
        for state in self.states():
            with self.subTest(state):
                self.assertEqual(self.run_script("return breaches"), [])

    def test_nothing_reassures(self):
        for state in self.states():
            with self.subTest(state):
                self.assertNotRegex(self.driver.find_element("tag name", "body").text.lower(), "benign|low risk")


class Semantics(PageTest):
    def test_each_control_has_a_name(self):
        self.assertEqual(self.run_script(NAMELESS), [])

    def test_the_page_says_its_language_and_has_one_main_heading(self):
        self.assertEqual(self.run_script("return document.documentElement.lang"), "en")
        self.assertEqual(len([each for each in self.driver.find_elements("tag name", "h1") if each.is_displayed()]), 1)

    def test_what_is_not_known_of_skin_tones_is_said(self):
        self.assertIn("Nothing is shown for dark skin", self.driver.find_element("tag name", "body").text)

    def test_the_intended_use_is_shown(self):
        self.wait_until(lambda: "Intended use" in self.text("ensemble"), "the ensemble", 10)

    def test_who_wants_no_motion_gets_none(self):
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
        self.stub()
        self.choose()
        self.analyse()
        self.call(0)
        self.assertEqual(self.run_script("return getComputedStyle(document.getElementById('progress-bar')).animationName"), "none")
