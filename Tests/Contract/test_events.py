"""The stream of events: progress, pass by pass, and then the analysis."""

import unittest

import photo
from contract import ContractTestCase, ask, events, send


class TheStream(ContractTestCase):
    def stream(self, *parts, **fields):
        answer = send("/v1/analyses", *parts, accept="text/event-stream", **fields)
        self.assertEqual((answer.status, answer.media_type), (200, "text/event-stream"), answer.body[:300])
        self.assertHolds(answer, "post", "/v1/analyses")
        return answer, events(answer.text)

    def test_tells_each_pass_and_ends_with_the_analysis(self):
        planned = ask("get", "/v1/ensemble").json["defaults"]["passes"]
        answer, pairs = self.stream()
        passes = pairs[-1][1]["passes"]
        self.assertEqual(passes < planned, pairs[-1][1]["early_stop"] is not None)
        self.assertEqual([name for name, _ in pairs], ["progress"] * passes + ["analysis"])
        self.assertEqual([data["done"] for _, data in pairs[:-1]], list(range(1, passes + 1)))
        self.assertEqual({data["of"] for _, data in pairs[:-1]}, {planned})
        analysis = pairs[-1][1]
        self.assertEqual(analysis["id"], answer.headers["X-Request-ID"])
        self.assertAlmostEqual(pairs[-2][1]["probability"], analysis["probability"], places=5)

    def test_of_a_single_pass_has_one_step(self):
        _, pairs = self.stream(views=1, members=1)
        self.assertEqual([name for name, _ in pairs], ["progress", "analysis"])
        self.assertEqual((pairs[0][1]["done"], pairs[0][1]["of"]), (1, 1))

    def test_holds_the_analysis_that_json_gives(self):
        analysis = send("/v1/analyses", views=1).json
        streamed = self.stream(views=1)[1][-1][1]
        for key in analysis.keys() - {"id", "timing_ms"}:
            with self.subTest(key):
                self.assertEqual(streamed[key], analysis[key])

    def test_does_not_begin_where_the_request_is_refused(self):
        refused = {"image-not-jpeg": ({"image": photo.png()}, {}), "field-invalid": ({"image": photo.mole(64, 64)}, {"age": 121})}
        for code, (parts, fields) in refused.items():
            with self.subTest(code):
                answer = send("/v1/analyses", *parts.items(), accept="text/event-stream", **fields)
                self.assertProblem(answer, code, "post", "/v1/analyses")


if __name__ == "__main__":
    unittest.main()
