"""From a photo to a result."""

import json
import time
import unittest

from page import BASE, Keys, PageTest, analysis, ask, photo


def multipart(path):
    with open(path, "rb") as file:
        data = file.read()
    head = b'--frontier\r\nContent-Disposition: form-data; name="image"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return head + data + b"\r\n--frontier--\r\n", {"Content-Type": "multipart/form-data; boundary=frontier", "Accept": "application/json"}


class AResult(PageTest):
    def test_a_photo_gives_the_score_that_the_interface_gives(self):
        _, body = ask("/v1/analyses", *multipart(photo()))
        expected = json.loads(body)
        self.choose()
        self.analyse()
        self.wait_for_result()
        shown = float(self.text("score").replace("%", "").replace("<", ""))
        self.assertAlmostEqual(shown, expected["probability"] * 100, delta=0.11)
        title = {"flagged": "Flagged", "not_flagged": "Not flagged", "cannot_judge": "Cannot judge"}[expected["verdict"]]
        self.assertEqual(self.text("result-title"), title)

    def test_a_result_says_all_that_is_known(self):
        self.choose()
        self.find("age").send_keys("63")
        self.find("sex").send_keys("Female")
        self.find("site").send_keys("Torso")
        self.analyse()
        self.wait_for_result()
        text = self.text()
        for words in ("Decision support, not a diagnosis. For the final diagnosis refer to the biopsy.", "95 % interval", "Measured on",
                      "Melanoma", "Nevus", "Keratosis (BKL)", "Squamous cell carcinoma (SCC)", "Unknown or other",
                      "in the server", "passes gave", "standard deviation", "63 years", "female", "torso", "square of 600 from (100, 0)"):
            self.assertIn(words, text)
        self.assertEqual(len(self.driver.find_elements("css selector", "#result table.classes tbody tr")), 9)

    def test_the_classes_stand_in_the_order_of_their_scores(self):
        self.choose()
        self.analyse()
        self.wait_for_result()
        cells = self.driver.find_elements("css selector", "#result table.classes td")
        scores = [float(cell.text.replace("%", "").replace("<", "")) for cell in cells]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertGreater(scores[0], 0)

    def test_the_gauge_is_linear_and_marked_at_the_operating_point(self):
        self.stub()
        self.choose()
        self.analyse()
        call = self.call(0)
        self.run_script(f"{call}.begin(); {call}.analysis(arguments[0])", analysis(0.5))
        self.wait_for_result()
        place = self.run_script("""
          const track = document.querySelector('#result .gauge__track').getBoundingClientRect();
          const at = (name) => { const box = document.querySelector(name).getBoundingClientRect(); return (box.x + box.width / 2 - track.x) / track.width; };
          return [at('#result .gauge__threshold'), at('#result .gauge__dot')];
        """)
        self.assertAlmostEqual(place[0], 0.1305, delta=0.01)
        self.assertAlmostEqual(place[1], 0.5, delta=0.01)
        self.assertIn("Operating point at 13.1", self.find("result").find_element("css selector", ".gauge").get_attribute("aria-label"))

    def test_the_focus_goes_to_the_result(self):
        self.choose()
        self.analyse()
        self.wait_for_result()
        self.assertEqual(self.focused(), "result-title")

    def test_no_verdict_reassures(self):
        for verdict, words in (("flagged", "At or above the operating point"),
                               ("not_flagged", "Refer if you or the patient are worried."),
                               ("cannot_judge", "The words of a later server."),
                               ("a_later_version", "Cannot judge")):
            with self.subTest(verdict):
                self.open()
                self.stub()
                self.choose()
                self.analyse()
                call = self.call(0)
                reasons = [{"code": "a_later_code", "text": "The words of a later server.", "values": {}}] if verdict == "cannot_judge" else []
                self.run_script(f"{call}.begin(); {call}.analysis(arguments[0])", analysis(0.03, verdict, reasons=reasons))
                self.wait_for_result()
                self.assertIn(words, self.text())
                judged = verdict in ("flagged", "not_flagged")
                self.assertEqual("not the patient’s risk" in self.text(), judged)
                self.assertEqual(bool(self.driver.find_elements("css selector", "#score, #result .gauge, #result .classes")), judged)
                self.assertEqual("they would mean nothing" in self.text(), not judged)
                everything = self.run_script("return document.body.textContent").lower()
                for forbidden in ("benign", "low risk", "low-risk", "harmless", "healthy"):
                    self.assertNotIn(forbidden, everything)

    def test_reasons_and_remarks_are_said_in_the_pages_own_words_from_their_codes(self):
        self.open()
        self.stub()
        self.choose()
        self.analyse()
        call = self.call(0)
        self.run_script(f"{call}.begin(); {call}.analysis(arguments[0])", analysis(
            0.03, "cannot_judge", reasons=[{"code": "too_small", "text": "-", "values": {"side": 90, "smallest": 150}}]))
        self.wait_for_result()
        self.assertIn("The analysed square has 90 pixels a side; the networks learned from photos of 150 or more.", self.text("result"))

        self.find("start-over").click()
        self.choose()
        self.analyse()
        call = self.call(1)
        remarks = [
            {"code": "metadata_used", "text": "-", "values": {"count": 1}}, {"code": "metadata_used", "text": "-", "values": {"count": 3}},
            {"code": "metadata_missing", "text": "-", "values": {"missing": ["age", "site"]}},
            {"code": "metadata_assumed", "text": "-", "values": {"assumed": {"n_images": 1, "image_size": 130000}}},
            {"code": "stopped_settled", "text": "-", "values": {"passes": 2, "planned": 16, "lowest": 0.1, "highest": 0.25}},
            {"code": "a_later_code", "text": "The words of a later server.", "values": {}},
        ]
        self.run_script(f"{call}.begin(); {call}.analysis(arguments[0])", analysis(0.03, "not_flagged", coded_remarks=remarks))
        self.wait_for_result()
        for words in ("One member uses age, sex and site.", "3 members use age, sex and site.", "counted as missing: age, site.",
                      "bytes of the photo's file 130000, images of the patient 1.", "between 10.0 % and 25.0 %.", "The words of a later server."):
            self.assertIn(words, self.text("result").replace("\u00a0", " "))

    def test_figure_threshold_and_spread_are_on_one_scale_where_the_ensemble_is_calibrated(self):
        self.open()
        self.stub()
        self.choose()
        self.analyse()
        call = self.call(0)
        self.run_script(f"{call}.begin(); {call}.progress(1, 2, 0.012, 0.008)")
        self.wait_until(lambda: self.driver.find_elements("css selector", "#progress .gauge__threshold"), "the mark", 5)
        mark = self.driver.find_element("css selector", "#progress .gauge__threshold").get_attribute("x1")
        self.assertEqual(mark, "0.80%")
        self.run_script(f"{call}.analysis(arguments[0])", analysis(
            0.012, "flagged", calibrated=True, raw_probability=0.3, probability_threshold=0.008,
            probability_spread={"lowest": 0.01, "highest": 0.02, "standard_deviation": 0.004}))
        self.wait_for_result()
        self.assertEqual(self.driver.find_element("css selector", "#result .gauge__threshold").get_attribute("x1"), "0.80%")
        self.assertEqual(self.driver.find_element("css selector", "#result .gauge__marker").get_attribute("x"), "1.20%")
        text = self.text("result").replace("\u00a0", " ")
        for words in ("Probability of melanoma", "sensitivity-95 (0.8 %)", "gave 1.0 % to 2.0 %", "30.0 %"):
            self.assertIn(words, text)

    def test_an_early_stop_and_what_the_time_limit_left_out_are_told(self):
        self.stub()
        self.choose()
        self.analyse()
        call = self.call(0)
        stop = {"expected": {"lowest": 0.01, "highest": 0.05}, "planned": 8, "reason": "settled", "rule": "The rule in words."}
        self.run_script(f"{call}.begin(); {call}.progress(4, 8, 0.03); {call}.analysis(arguments[0])", analysis(
            0.03, "not_flagged", passes=4, passes_available=16, early_stop=stop, budget={"asked": 16, "planned": 8, "seconds": 15}))
        self.wait_for_result()
        for words in ("Stopped after 4 of 8 passes", "8 passes were left out to answer within 15 s", "4 of 16; stopped early",
                      "The rule in words.", "mean of these passes", "Refer if you or the patient are worried."):
            self.assertIn(words, self.text("result"))

    def test_a_photo_that_can_not_be_judged_says_why_it_took_few_passes(self):
        self.stub()
        self.choose()
        self.analyse()
        call = self.call(0)
        stop = {"expected": None, "planned": 16, "reason": "not_judged", "rule": "The photo can't be judged."}
        self.run_script(f"{call}.begin(); {call}.analysis(arguments[0])", analysis(
            0.03, "cannot_judge", passes=2, passes_available=16, early_stop=stop))
        self.wait_for_result()
        self.assertIn("2 of 16; stopped early", self.text("result"))
        self.assertIn("The photo can't be judged.", self.text("result"))
        self.assertNotIn("hardly change", self.text("result"))

    def test_what_the_time_limit_leaves_out_can_not_be_chosen(self):
        choices = self.driver.execute_async_script("""
          const [card, answer] = arguments;
          import('/js/effort.js').then(({ Effort }) => {
            new Effort().show(card);
            answer([...document.getElementById('views').options].filter((option) => !option.disabled).map((option) => option.textContent));
          });
        """, {"views": 8, "members": [{}] * 5, "defaults": {"views": 4, "members": 5, "passes": 20}, "early_stop": {"bound": 0.3},
              "budget": {"seconds": 15, "ms_per_pass": [650] * 5, "left_out": 20}})
        self.assertEqual(choices, ["As the server is set: 4, up to 20 passes", "4: 20 passes", "2: 10 passes", "1: 5 passes"])

    def test_a_calibrated_score_is_called_a_probability(self):
        self.stub()
        self.choose()
        self.analyse()
        call = self.call(0)
        self.run_script(f"{call}.begin(); {call}.analysis(arguments[0])", analysis(0.03, "not_flagged", calibrated=True))
        self.wait_for_result()
        self.assertIn("Probability of melanoma", self.text())
        self.assertNotIn("not the patient’s risk", self.text())

    def test_an_ensemble_without_operating_point_says_so(self):
        self.stub()
        self.choose()
        self.analyse()
        call = self.call(0)
        self.run_script(f"{call}.begin(); {call}.analysis(arguments[0])", analysis(0.3, "cannot_judge", operating_point=None))
        self.wait_for_result()
        self.assertIn("nothing is known of how often it is right", self.text())
        self.assertEqual(self.driver.find_elements("css selector", "#result .gauge__threshold"), [])

    def test_an_operating_point_without_intervals_is_shown(self):
        self.stub()
        self.choose()
        self.analyse()
        call = self.call(0)
        point = {"name": "plain", "threshold": 0.2, "sensitivity": 0.9, "sensitivity_95": None, "specificity": None,
                 "specificity_95": None, "measured_on": None, "chosen_on": None}
        self.run_script(f"{call}.begin(); {call}.analysis(arguments[0])", analysis(0.3, "flagged", operating_point=point))
        self.wait_for_result()
        self.assertIn("Flagged", self.text())
        self.assertIn("90.0", self.text())

    def test_a_figure_just_under_the_operating_point_is_not_shown_as_equal_to_it(self):
        self.stub()
        self.choose()
        self.analyse()
        call = self.call(0)
        self.run_script(f"{call}.begin(); {call}.analysis(arguments[0])", analysis(0.13049, "not_flagged"))
        self.wait_for_result()
        self.assertNotEqual(self.text("score").split()[0], "13.1")


class OnAPhone(PageTest):
    width, height, is_phone = 390, 844, True

    def tap(self, name):
        """Taps what stands there; fails where a finger would have to scroll first or would hit something else."""
        self.run_script("""
          const target = document.getElementById(arguments[0]);
          const box = (target.labels?.length && target.type === 'file' ? target.labels[0] : target).getBoundingClientRect();
          const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
          const hit = document.elementFromPoint(x, y);
          const control = hit?.closest('label')?.control ?? hit?.closest('button, input, select');
          if (control !== target) throw new Error(`At ${x}, ${y} stands ${control?.id ?? hit?.tagName}, not ${arguments[0]}.`);
        """, name)
        self.taps += 1

    def test_three_taps_lead_to_the_result(self):
        self.taps = 0
        self.assertEqual(self.run_script("return scrollY"), 0)
        self.tap("camera-input")
        self.taps += 1  # the shutter, in the phone's own camera
        self.find("camera-input").send_keys(photo())
        self.wait_until(lambda: self.is_shown("preview-note"), "the preview")
        self.tap("analyse")
        self.analyse()
        self.wait_for_result()
        self.assertLessEqual(self.taps, 3)
        time.sleep(0.2)
        top = self.run_script("return document.getElementById('score').getBoundingClientRect().bottom")
        self.assertLess(top, self.height, "The score stands outside the screen.")
        self.assertGreater(top, 0)

    def test_camera_and_gallery_are_both_offered(self):
        self.assertTrue(self.find("camera-input").find_element("xpath", "..").is_displayed())
        self.assertEqual(self.find("camera-input").get_attribute("capture"), "environment")
        self.assertFalse(self.find("file-input").get_attribute("capture"))

    def test_one_field_alone_is_called_image(self):
        self.assertEqual(len(self.driver.find_elements("css selector", "[name=image]")), 1)


class InOrder(PageTest):
    def test_a_late_answer_never_overwrites_a_newer_one(self):
        self.stub()
        self.choose()
        self.analyse()
        first = self.call(0)
        self.run_script(f"{first}.begin(); {first}.progress(1, 8, 0.11)")
        self.choose(photo("second.jpg", 640, 480))
        self.wait_until(lambda: not self.is_shown("progress"), "the first run to end", 5)
        self.analyse()
        second = self.call(1)
        self.run_script(f"{second}.begin(); {second}.analysis(arguments[0])", analysis(0.77))
        self.wait_for_result()
        self.assertIn("77.0", self.text("score"))
        self.run_script(f"try {{ {first}.progress(2, 8, 0.11); {first}.analysis(arguments[0]) }} catch {{}}", analysis(0.11))
        time.sleep(0.5)
        self.assertIn("77.0", self.text("score"))
        self.assertFalse(self.is_shown("progress"))

    def test_another_photo_takes_the_result_away(self):
        self.choose()
        self.analyse()
        self.wait_for_result()
        self.choose(photo("second.jpg", 640, 480))
        self.wait_until(lambda: not self.is_shown("result"), "the old result to go", 5)

    def test_the_passes_are_shown_as_they_come(self):
        self.stub()
        self.choose()
        self.analyse()
        call = self.call(0)
        self.assertIn("Sending the photo", self.text("progress"))
        self.run_script(f"{call}.begin(); {call}.waiting(2)")
        self.wait_until(lambda: "2 other photos are analysed first" in self.text("progress"), "the place in the line", 5)
        self.run_script(f"{call}.progress(3, 16, 0.241)")
        self.wait_until(lambda: "Pass 3 of 16" in self.text("progress"), "the passes", 5)
        self.assertIn("24.1 % so far", self.text("progress"))
        self.assertFalse(self.is_shown("result"))

    def test_the_estimate_settles_in_a_band_and_the_time_left_is_told(self):
        self.stub()
        self.choose()
        self.analyse()
        call = self.call(0)
        self.run_script(f"{call}.begin()")
        widths = []
        for done, probability in enumerate((0.6, 0.2, 0.4, 0.38, 0.4, 0.39), start=1):
            self.run_script(f"{call}.progress({done}, 40, {probability})")
            self.wait_until(lambda: f"Pass {done} of 40" in self.text("progress"), "the passes", 5)
            time.sleep(0.3)
            band = self.run_script("return document.querySelector('#progress-gauge .gauge__spread').getAttribute('width')")
            widths.append(float(band.rstrip("%")))
        self.assertGreater(widths[1], 15)  # both estimates
        self.assertLess(widths[-1], 3)  # the later four
        self.assertRegex(self.text("progress"), r"about \d+ s left")
        self.assertAlmostEqual(float(self.run_script("return document.getElementById('progress-bar').value")), 6)

    def test_a_quicker_answer_can_be_asked_for(self):
        self.choose()
        self.run_script("document.getElementById('effort').scrollIntoView({ block: 'center' })")  # from under the buttons
        self.find("effort-summary").click()
        self.wait_until(lambda: "16 passes" in self.text("effort"), "the passes of each choice", 5)
        self.find("views").send_keys("2")
        self.assertIn("2: 4 passes", self.text("effort-summary"))
        self.analyse()
        self.wait_for_result()
        self.assertIn("4 of 16", self.text("result"))
        self.find("start-over").click()
        self.wait_until(lambda: self.text("effort-summary") == "A quicker answer", "the choice to go", 5)

    def test_cancelling_ends_it_without_an_error(self):
        self.stub()
        self.choose()
        self.analyse()
        call = self.call(0)
        self.run_script(f"{call}.begin(); {call}.progress(1, 16, 0.2)")
        self.find("cancel").click()
        self.assertTrue(self.run_script(f"return {call}.signal.aborted"))
        self.run_script(f"try {{ {call}.analysis(arguments[0]) }} catch {{}}", analysis(0.2))
        time.sleep(0.5)
        for name in ("progress", "cancel", "result", "problem"):
            self.assertFalse(self.is_shown(name), name)
        self.assertEqual(self.focused(), "analyse")
        self.analyse()
        self.call(1)

    def test_starting_over_forgets_the_patient_and_the_photo(self):
        self.choose()
        self.find("age").send_keys("63")
        self.analyse()
        self.wait_for_result()
        self.find("start-over").click()
        self.assertEqual(self.find("age").get_attribute("value"), "")
        for name in ("result", "preview-frame"):
            self.assertFalse(self.is_shown(name), name)
        self.analyse()
        self.wait_until(lambda: self.is_shown("photo-error"), "words about the missing photo", 5)


class ByKeyboard(PageTest):
    def tab_to(self, name):
        for _ in range(30):
            if self.focused() == name:
                return
            self.press(Keys.TAB)
        self.fail(f"The tab key does not lead to {name}.")

    def test_the_keyboard_alone_leads_to_the_result(self):
        self.tab_to("file-input")
        self.find("file-input").send_keys(photo())  # the system's own dialog
        self.wait_until(lambda: self.is_shown("preview-note"), "the preview")
        self.tab_to("age")
        self.press("63")
        self.tab_to("sex")
        self.press("F")
        self.tab_to("site")
        self.press("T")
        self.tab_to("analyse")
        outline = self.run_script("return getComputedStyle(document.activeElement).outlineStyle")
        self.assertEqual(outline, "solid")
        self.press(Keys.ENTER)
        self.wait_for_result()
        self.assertEqual(self.focused(), "result-title")
        self.assertIn("female, 63 years, torso", self.text())

    def test_the_settings_open_and_close_by_keyboard(self):
        self.tab_to("settings-open")
        self.press(Keys.ENTER)
        self.assertEqual(self.focused(), "server-address")
        self.press(Keys.ESCAPE)
        self.wait_until(lambda: not self.is_shown("settings"), "the settings to close", 5)
        self.assertEqual(self.focused(), "settings-open")


if __name__ == "__main__":
    print("Server:", BASE)
    unittest.main()
