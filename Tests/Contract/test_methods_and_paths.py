"""What is not in the document is refused: other methods by 405 with Allow, other paths by 404."""

import unittest

from contract import DOCUMENT, METHODS, ContractTestCase, ask


class AnotherMethod(ContractTestCase):
    def assertNotAllowed(self, answer):
        self.assertEqual(answer.status, 405)
        self.assertIsResponse(answer, DOCUMENT["x-any-other-method"])

    def test_is_refused_with_the_methods_that_the_path_takes(self):
        for path, item in DOCUMENT["paths"].items():
            for method in (*METHODS, "brew"):
                # TRACE is answered by nginx, for every path alike.
                if method in item or method == "trace":
                    continue
                with self.subTest(f"{method} {path}"):
                    answer = ask(method, path)
                    if method == "head":
                        self.assertEqual((answer.status, answer.body), (405, b""))
                    else:
                        self.assertNotAllowed(answer)
                        self.assertEqual(answer.code, "method-not-allowed")
                    allowed = {name.lower() for name in answer.headers["Allow"].split(", ")}
                    self.assertLessEqual(allowed, set(item))
                    self.assertGreaterEqual(allowed, set(item) & {"get", "post"})

    def test_is_refused_as_a_page_where_one_was_asked_for(self):
        answer = ask("put", "/v1/analyses", Accept="text/html")
        self.assertNotAllowed(answer)
        self.assertEqual(answer.media_type, "text/html")

    def test_is_refused_where_it_would_show_what_was_sent(self):
        for path in DOCUMENT["paths"]:
            with self.subTest(path):
                answer = ask("trace", path)
                self.assertEqual((answer.status, answer.code), (405, "method-not-allowed"))
                self.assertFits({"$ref": "#/components/schemas/Problem"}, answer.json)

    def test_is_no_preflight_without_an_origin(self):
        for path in DOCUMENT["paths"]:
            with self.subTest(path):
                answer = ask("options", path)
                self.assertEqual(answer.status, 405)
                self.assertHolds(answer, "options", path)

    def test_is_refused_with_a_body_too(self):
        self.assertNotAllowed(ask("put", "/v1/ensemble", b"x" * 100_000))


class AnotherPath(ContractTestCase):
    def test_has_nothing(self):
        unknown = [
            "/v1/", "/v1/analyses/", "/v1/analyses/1", "/V1/ensemble", "/v2/analyses", "/melanoma/", "/metrics/", "/upload", "/.git/config",
        ]
        for path in unknown:
            with self.subTest(path):
                answer = ask("get", path)
                self.assertEqual((answer.status, answer.code), (404, "path-unknown"))
                self.assertIsResponse(answer, DOCUMENT["x-any-other-path"])

    def test_has_nothing_for_any_method_below_v1(self):
        for method in ("post", "put", "delete", "options"):
            with self.subTest(method):
                answer = ask(method, "/v1/photos")
                self.assertEqual((answer.status, answer.code), (404, "path-unknown"))
                self.assertIsResponse(answer, DOCUMENT["x-any-other-path"])

    def test_has_nothing_as_a_page_where_one_was_asked_for(self):
        answer = ask("get", "/v1/photos", Accept="text/html")
        self.assertEqual((answer.status, answer.media_type), (404, "text/html"))
        self.assertIsResponse(answer, DOCUMENT["x-any-other-path"])

    def test_differs_from_a_known_one_with_a_query(self):
        self.assertEqual(ask("get", "/v1/health/live?x=1").status, 200)


if __name__ == "__main__":
    unittest.main()
