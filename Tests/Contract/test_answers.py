"""Every documented operation answers as documented, in every documented form."""

import re
import unittest

import photo
from contract import DOCUMENT, OPERATIONS, ContractTestCase, ask, good_form, post, send

QUICK = {"views": 1, "members": 1}


def successes():
    """Every operation with a body in its good answer, and each content type of it."""
    for method, path, operation in OPERATIONS:
        for status in ("201", "200"):
            for media_type in operation["responses"].get(status, {}).get("content", {}):
                yield method, path, media_type, int(status)
            if status in operation["responses"]:
                break


class EveryOperation(ContractTestCase):
    def test_answers_in_each_documented_content_type(self):
        for method, path, media_type, status in successes():
            with self.subTest(f"{method} {path} as {media_type}"):
                if method == "post":
                    parts, fields = good_form(path)
                    answer = post(path, *parts, fields=fields, Accept=media_type)
                else:
                    answer = ask(method, path, Accept=media_type)
                self.assertEqual(answer.status, status, answer.text[:300])
                self.assertEqual(answer.media_type, media_type)
                self.assertHolds(answer, method, path)

    def test_answers_head_like_get_but_without_a_body(self):
        for method, path, _ in OPERATIONS:
            if method == "head":
                with self.subTest(path):
                    answer = ask("head", path)
                    self.assertEqual(answer.status, 200)
                    self.assertHolds(answer, "head", path)
                    self.assertEqual(answer.headers["Content-Type"], ask("get", path).headers["Content-Type"])

    def test_answers_the_preflight_of_a_page_of_another_origin(self):
        for method, path, _ in OPERATIONS:
            if method == "options":
                with self.subTest(path):
                    origin = "https://stranger.example.org"
                    answer = ask("options", path, Origin=origin, Access_Control_Request_Method="POST")
                    self.assertEqual(answer.status, 204)
                    self.assertHolds(answer, "options", path)
                    self.assertIn(answer.headers["Access-Control-Allow-Methods"].lower(), DOCUMENT["paths"][path])

    def test_lets_no_page_of_a_stranger_read_an_answer(self):
        for method, path in (("options", "/v1/analyses"), ("get", "/v1/ensemble"), ("put", "/v1/ensemble")):
            with self.subTest(f"{method} {path}"):
                answer = ask(method, path, Origin="https://stranger.example.org")
                self.assertNotIn("Access-Control-Allow-Origin", answer.headers)

    def test_is_never_kept_and_never_guessed_at_by_a_browser(self):
        for method, path in (("get", "/v1/ensemble"), ("get", "/v1/nothing"), ("get", "/metrics"), ("put", "/melanoma")):
            with self.subTest(f"{method} {path}"):
                answer = ask(method, path)
                self.assertEqual(answer.headers["Cache-Control"], "no-store")
                self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
                self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])

    def test_numbers_each_request_anew(self):
        numbers = {ask("get", "/v1/health/live").headers["X-Request-ID"] for _ in range(5)}
        self.assertEqual(len(numbers), 5)


class TheAnalysis(ContractTestCase):
    def analysis(self, *parts, **fields):
        answer = send("/v1/analyses", *parts, **fields)
        self.assertEqual(answer.status, 200, answer.body[:300])
        self.assertHolds(answer, "post", "/v1/analyses")
        return answer, answer.json

    def test_uses_all_passes_unless_it_ends_early_or_is_asked_for_fewer(self):
        card = ask("get", "/v1/ensemble").json
        _, whole = self.analysis()
        self.assertEqual(whole["passes_available"], card["passes"])
        if whole["early_stop"] is None:
            self.assertEqual(whole["passes"], card["defaults"]["passes"])
        else:
            self.assertIsNotNone(card["early_stop"])
            self.assertLess(whole["passes"], whole["early_stop"]["planned"])
            self.assertEqual(whole["early_stop"]["planned"], card["defaults"]["passes"])
        self.assertEqual(card["passes"], card["views"] * len(card["members"]))
        _, part = self.analysis(**QUICK)
        self.assertEqual((part["passes"], len(part["members"])), (1, 1))
        self.assertIsNone(part["early_stop"])
        self.assertEqual(part["passes_available"], card["passes"])

    def test_fits_the_model_card(self):
        card = ask("get", "/v1/ensemble").json
        _, analysis = self.analysis()
        self.assertEqual(set(analysis["classes"]), set(card["classes"]))
        self.assertEqual(analysis["ensemble"], {key: card[key] for key in ("name", "sha256", "version")})
        self.assertEqual([member["architecture"] for member in analysis["members"]], [member["architecture"] for member in card["members"]])
        self.assertEqual(analysis["calibrated"], card["calibration"] is not None)
        names = [point["name"] for point in card["operating_points"]]
        self.assertEqual(analysis["operating_point"] and analysis["operating_point"]["name"], card["operating_point"])
        self.assertTrue(card["operating_point"] is None or card["operating_point"] in names)
        self.assertAlmostEqual(analysis["classes"][card["target"]], analysis["raw_probability"], places=5)

    def test_is_consistent_with_itself(self):
        _, analysis = self.analysis()
        self.assertAlmostEqual(sum(analysis["classes"].values()), 1, places=4)
        spread = analysis["spread"]
        self.assertLessEqual(spread["lowest"], analysis["raw_probability"])
        self.assertLessEqual(analysis["raw_probability"], spread["highest"])
        self.assertEqual(sum(member["passes"] for member in analysis["members"]), analysis["passes"])
        if not analysis["calibrated"]:
            self.assertEqual(analysis["probability"], analysis["raw_probability"])
            self.assertIn("not calibrated", " ".join(analysis["remarks"]))
        timing = analysis["timing_ms"]
        self.assertLessEqual(timing["inference"], timing["total"])

    def test_has_the_number_of_its_request(self):
        answer, analysis = self.analysis(**QUICK)
        self.assertEqual(analysis["id"], answer.headers["X-Request-ID"])

    def test_is_of_the_centred_square(self):
        _, analysis = self.analysis(("image", photo.mole(480, 320)), **QUICK)
        self.assertEqual(analysis["image"], {"width": 480, "height": 320, "crop": {"x": 80, "y": 0, "side": 320}})

    def test_echoes_every_documented_sex_and_site(self):
        schemas = DOCUMENT["components"]["schemas"]
        self.assertGreater(len(schemas["Site"]["enum"]), 1)
        for name in ("sex", "site"):
            for value in schemas[name.capitalize()]["enum"]:
                with self.subTest(f"{name}={value}"):
                    _, analysis = self.analysis(**{name: value}, **QUICK)
                    self.assertEqual(analysis["patient"][name], value)

    def test_takes_the_ends_of_the_documented_ranges(self):
        age = DOCUMENT["components"]["schemas"]["AnalysisForm"]["properties"]["age"]
        for years in (age["minimum"], age["maximum"]):
            with self.subTest(age=years):
                self.assertEqual(self.analysis(age=years, **QUICK)[1]["patient"]["age"], years)
        card = ask("get", "/v1/ensemble").json
        self.assertEqual(self.analysis(views=card["views"], members=1)[1]["passes"], card["views"])
        self.assertEqual(self.analysis(views=1, members=len(card["members"]))[1]["passes"], len(card["members"]))

    def test_takes_empty_fields_as_not_given(self):
        patient = self.analysis(age="", sex="", site=" ", views="1", members="")[1]["patient"]
        self.assertEqual(patient, {"age": None, "assumed": {}, "sex": None, "site": None, "used": False})

    def test_says_the_same_in_sentences_and_in_codes_and_by_the_figures(self):
        for fields in ({}, QUICK, {"age": "63"}):
            _, analysis = self.analysis(**fields)
            self.assertEqual(analysis["remarks"], [remark["text"] for remark in analysis["coded_remarks"]])
            if analysis["operating_point"] is not None:
                is_flagged = analysis["probability"] >= analysis["probability_threshold"]
                self.assertEqual(is_flagged, analysis["verdict"] == "flagged")

    def test_ignores_an_empty_file_beside_a_photo(self):
        self.analysis(("image", b""), ("image", photo.mole(320, 240)), **QUICK)

    def test_judges_no_photo_that_shows_nothing_or_has_no_colour(self):
        for code, jpeg in (("no_structure", photo.blank()), ("greyscale", photo.mole(colours=1))):
            with self.subTest(code):
                _, analysis = self.analysis(("image", jpeg), **QUICK)
                self.assertEqual(analysis["verdict"], "cannot_judge")
                self.assertIn(code, [reason["code"] for reason in analysis["reasons"]])

    def test_is_what_the_original_app_gets_as_one_number(self):
        _, analysis = self.analysis()
        confidence = send("/melanoma").json["confidence"]
        if analysis["early_stop"] is None:
            self.assertAlmostEqual(confidence, analysis["raw_probability"], places=5)
        else:  # of all passes, whatever the others are given
            expected = analysis["early_stop"]["expected"]
            self.assertLessEqual(expected["lowest"], confidence)
            self.assertLessEqual(confidence, expected["highest"])


class TheChoiceByAccept(ContractTestCase):
    def test_follows_the_documented_order(self):
        browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        expected = {
            "*/*": "application/json", "image/png": "application/json", "application/json;q=0.1, text/html": "application/json",
            browser: "text/html", "TEXT/HTML": "text/html", "text/html, application/json, text/event-stream": "text/event-stream",
        }
        for accept, media_type in expected.items():
            with self.subTest(accept):
                answer = send("/v1/analyses", accept=accept, **QUICK)
                self.assertEqual(answer.media_type, media_type)
                self.assertHolds(answer, "post", "/v1/analyses")


class TheCounters(ContractTestCase):
    def test_are_described_one_by_one(self):
        described = re.findall(r"^- `(\w+)` \((\w+)\)", DOCUMENT["paths"]["/metrics"]["get"]["description"], re.MULTILINE)
        served = re.findall(r"^# TYPE (\w+) (\w+)$", ask("get", "/metrics").text, re.MULTILINE)
        self.assertEqual(described, served)

    def test_are_in_the_text_format(self):
        sample = re.compile(r'(\w+)(\{\w+="[^"]*"(,\w+="[^"]*")*\})? ([0-9.e+-]+|\+Inf)')
        for line in ask("get", "/metrics").text.splitlines():
            self.assertTrue(line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line), line)


if __name__ == "__main__":
    unittest.main()
