"""Every problem code that a running server can be brought to, with its status, and nothing in it that was sent."""

import contextlib
import http.client
import socket
import time
import unittest

import photo
from contract import BASE, BOUNDARY, DOCUMENT, NOTICE, PATIENCE, Answer, ContractTestCase, ask, connect, form, good_photo, send

POSTS = ("/v1/analyses", "/melanoma")
PROVOKED = set()
# What a sound server behind nginx on this machine does not answer; the worker's own tests know the first five.
OUT_OF_REACH = {
    "body-short": "nginx passes whole bodies only", "body-long": "nginx passes whole bodies only",
    "internal": "it takes a fault of the server", "not-ready": "it takes a server that has just started",
    "not-recorded": "it takes a full disk", "records-unavailable": "it takes a database that has ended",
    "https-required": "it takes nginx-cloud.conf", "consent-required": "it takes a server in the cloud",
    "not-offered": "it takes a server that keeps nothing", "certificate-refused": "it takes nginx-cloud.conf and a certificate",
    "worker-down": "it takes a worker that has ended", "worker-slow": "it takes five minutes",
}


def provokes(*codes):
    """Marks a test by the codes that it brings about."""
    PROVOKED.update(codes)
    return lambda test: test


class TheForm(ContractTestCase):
    def assertRefused(self, code, answer, path="/v1/analyses", field=None):
        self.assertProblem(answer, code, "post", path)
        self.assertEqual(answer.json.get("field"), field)

    @provokes("form-type")
    def test_must_be_one(self):
        for path in POSTS:
            for media_type in ("application/json", "application/x-www-form-urlencoded", "image/jpeg"):
                with self.subTest(f"{path} {media_type}"):
                    answer = ask("post", path, b"{}", Content_Type=media_type)
                    self.assertRefused("form-type", answer, path)

    @provokes("form-invalid")
    def test_must_have_its_boundary(self):
        body, _ = form(("image", b"x"))
        for media_type in ("multipart/form-data", "multipart/form-data; boundary=other"):
            with self.subTest(media_type):
                self.assertRefused("form-invalid", ask("post", "/v1/analyses", body, Content_Type=media_type))

    @provokes("form-invalid")
    def test_must_have_no_more_than_32_parts(self):
        self.assertEqual(send("/v1/analyses", ("image", good_photo()), *[("x", b"")] * 31, views=0).code, "form-invalid")
        self.assertEqual(send("/v1/analyses", ("image", good_photo()), *[("x", b"")] * 30, views=0).code, "field-invalid")

    @provokes("image-missing")
    def test_must_have_a_photo(self):
        for path in POSTS:
            with self.subTest(path):
                self.assertRefused("image-missing", send(path, ("photo", good_photo())), path, field="image")

    @provokes("image-repeated")
    def test_must_not_have_two_photos(self):
        self.assertRefused("image-repeated", send("/v1/analyses", *[("image", good_photo())] * 2), field="image")

    @provokes("image-empty")
    def test_must_not_have_an_empty_photo(self):
        self.assertRefused("image-empty", send("/v1/analyses", ("image", b"")), field="image")

    @provokes("field-invalid")
    def test_must_keep_to_the_limits_of_its_fields(self):
        card = ask("get", "/v1/ensemble").json
        wrong = [
            ("age", -1), ("age", 121), ("age", "old"), ("age", "6.5"), ("sex", "f"), ("sex", "Female"), ("site", "back"),
            ("views", 0), ("views", card["views"] + 1), ("views", "all"), ("members", 0), ("members", len(card["members"]) + 1),
        ]
        for field, value in wrong:
            with self.subTest(f"{field}={value}"):
                self.assertRefused("field-invalid", send("/v1/analyses", **{field: value}), field=field)

    @provokes("field-invalid")
    def test_must_give_a_field_once(self):
        for field in ("age", "sex", "site", "views", "members"):
            with self.subTest(field):
                answer = send("/v1/analyses", ("image", good_photo()), (field, b""), (field, b""))
                self.assertRefused("field-invalid", answer, field=field)


class ThePhoto(ContractTestCase):
    def assertRefused(self, code, jpeg):
        for path in POSTS:
            with self.subTest(path):
                answer = send(path, ("image", jpeg))
                self.assertProblem(answer, code, "post", path)
                self.assertEqual(answer.json["field"], "image")

    @provokes("image-not-jpeg")
    def test_must_be_a_jpeg(self):
        self.assertRefused("image-not-jpeg", photo.png())
        self.assertRefused("image-not-jpeg", b"no photo")

    @provokes("image-unsupported")
    def test_must_have_8_bits_a_sample(self):
        self.assertRefused("image-unsupported", photo.of_twelve_bits(good_photo()))

    @provokes("image-damaged")
    def test_must_be_whole(self):
        self.assertRefused("image-damaged", photo.cut_short(good_photo()))

    @provokes("image-too-many-pixels")
    def test_must_keep_to_the_limit_of_pixels(self):
        self.assertRefused("image-too-many-pixels", photo.of_size(good_photo(), 65_535, 65_535))

    @provokes("image-too-complex")
    def test_must_keep_to_the_limit_of_scans(self):
        self.assertRefused("image-too-complex", photo.of_scans(good_photo(), 51))


class TheRequest(ContractTestCase):
    def raw(self, request):
        """Sends these bytes; the answer's status line, headers and body."""
        with socket.create_connection((BASE.hostname, BASE.port or 80), timeout=PATIENCE) as connection:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return Answer(response)

    @provokes("length-required")
    def test_must_say_how_long_its_body_is(self):
        for path in POSTS:
            with self.subTest(path):
                answer = self.raw(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                self.assertProblem(answer, "length-required", "post", path)

    @provokes("length-required")
    def test_must_not_come_in_chunks(self):
        head = "POST /v1/analyses HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        self.assertProblem(self.raw(head.encode() + b"0\r\n\r\n"), "length-required", "post", "/v1/analyses")

    @provokes("body-too-large")
    def test_must_keep_to_the_limit_of_its_body(self):
        length = ask("get", "/v1/ensemble").json["limits"]["max_body_bytes"] + 1
        for path in POSTS:
            with self.subTest(path):
                # Refused by its header: the body is never sent.
                head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
                answer = self.raw(f"{head}Content-Length: {length}\r\nConnection: close\r\n\r\n".encode())
                self.assertProblem(answer, "body-too-large", "post", path)

    @provokes("request-invalid")
    def test_must_be_http(self):
        for request in (b"GET /v1/ensemble HTTP/1.1\r\n\r\n", b"GET /v1/ensemble HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 40_000 + b"\r\n\r\n"):
            answer = self.raw(request)
            self.assertEqual(answer.status, 400)
            self.assertProblem(answer, "request-invalid", "get", "/v1/ensemble")

    @provokes("request-invalid")
    def test_must_be_of_a_version_that_is_spoken(self):
        answer = self.raw(b"GET /v1/ensemble HTTP/3.0\r\nHost: x\r\n\r\n")
        self.assertEqual(answer.status, 505)
        self.assertProblem(answer, "request-invalid", "get", "/v1/ensemble")

    @provokes("address-too-long")
    def test_must_have_a_short_address(self):
        self.assertProblem(ask("get", "/v1/ensemble?" + "x" * 40_000), "address-too-long", "get", "/v1/ensemble")


class TheQueue(ContractTestCase):
    def queue_length(self):
        lines = ask("get", "/metrics").text.splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("melascan_queue_length ")))

    def wait_until_empty(self):
        deadline = time.monotonic() + PATIENCE
        while self.queue_length() > 0 and time.monotonic() < deadline:
            time.sleep(0.05)

    @provokes("busy")
    def test_turns_away_what_is_more_than_it_takes(self):
        places = ask("get", "/v1/ensemble").json["limits"]["queue"] + 1
        body, media_type = form(("image", good_photo()))
        answers = []
        # A stream begins as soon as its place is taken: its header comes while others are still analysed.
        for _ in range(3):
            self.wait_until_empty()
            with contextlib.ExitStack() as open_streams:
                connections = [open_streams.enter_context(contextlib.closing(connect())) for _ in range(places + 3)]
                for connection in connections:
                    connection.request("POST", "/v1/analyses", body, {"Content-Type": media_type, "Accept": "text/event-stream"})
                responses = [connection.getresponse() for connection in connections]
                # The good ones are left as they are; their clients go away, and so does their work.
                answers = [Answer(response) for response in responses if response.status != 200]
            if answers:
                break
        self.wait_until_empty()
        self.assertEqual(self.queue_length(), 0, "work of clients that left goes on")
        self.assertGreater(len(answers), 0, "nobody was turned away")
        for answer in answers:
            self.assertProblem(answer, "busy", "post", "/v1/analyses")
            self.assertGreater(int(answer.headers["Retry-After"]), 0)


class EveryProblem(ContractTestCase):
    def test_is_a_page_where_one_was_asked_for(self):
        cases = {
            400: [("photo", b"")], 415: [("image", photo.png())], 422: [("image", photo.cut_short(good_photo()))],
        }
        for path in POSTS:
            for status, parts in cases.items():
                with self.subTest(f"{path} {status}"):
                    answer = send(path, *parts, accept="text/html")
                    self.assertEqual((answer.status, answer.media_type), (status, "text/html"))
                    self.assertHolds(answer, "post", path)
                    self.assertIn(NOTICE, answer.text)

    def test_repeats_nothing_that_was_sent(self):
        secret = "Muster-Erika"
        for parts in ([(secret, b"x")], [("image", secret.encode())], [("image", good_photo()), ("site", secret.encode())]):
            for accept in ("application/json", "text/html"):
                with self.subTest(f"{parts[-1][0]} {accept}"):
                    answer = send("/v1/analyses", *parts, accept=accept)
                    self.assertGreaterEqual(answer.status, 400)
                    self.assertNotIn(secret, answer.text)
        self.assertNotIn(secret, ask("get", f"/v1/{secret}?{secret}").text)

    def test_is_provoked_here_or_out_of_reach(self):
        codes = {code.removeprefix("urn:melascan:problem:") for code in DOCUMENT["components"]["schemas"]["ProblemType"]["enum"]}
        elsewhere = {"path-unknown", "method-not-allowed"}  # test_methods_and_paths.py
        self.assertEqual(PROVOKED | set(OUT_OF_REACH) | elsewhere, codes)
        self.assertEqual(PROVOKED & set(OUT_OF_REACH), set())


if __name__ == "__main__":
    unittest.main()
