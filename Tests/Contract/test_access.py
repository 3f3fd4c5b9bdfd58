"""Who is let in, and what becomes of consents and cases, as documented."""

import http.client
import time
import unittest
import uuid

import contract
from contract import BASE, DOCUMENT, OPERATIONS, TOKEN, ContractTestCase, ask, consent, good_form, post
from test_problems import provokes

# A token of the right form that no device has.
STRANGER = "mela_00000000_" + "0" * 52


def needs_token(operation):
    return {} not in operation.get("security", [{"deviceToken": []}])


class TheToken(ContractTestCase):
    @provokes("unauthorised")
    def test_must_be_right_where_one_is_sent(self):
        for method, path, operation in OPERATIONS:
            if method in ("get", "post") and "401" in operation["responses"] and path not in ("/metrics", "/v1/openapi.json"):
                for header in (f"Bearer {TOKEN[:-4]}0000", "Bearer x", "Basic eDp5", "Bearer"):
                    with self.subTest(f"{method} {path} {header[:8]}"):
                        # A wrong secret of a known device is counted; a few are too few to shut it out.
                        if TOKEN[:14] in header and path != "/v1/analyses":
                            continue
                        answer = ask(method, path, b"" if method == "post" else None, Authorization=header)
                        self.assertProblem(answer, "unauthorised", method, path)
                        self.assertEqual(answer.headers["WWW-Authenticate"], 'Bearer realm="MelaScan"')

    @provokes("too-many-tries")
    def test_must_not_be_guessed(self):
        answers = [ask("get", "/v1/ensemble", Authorization=f"Bearer {STRANGER}") for _ in range(11)]
        self.assertEqual({answer.code for answer in answers[:10]}, {"unauthorised"})
        self.assertProblem(answers[10], "too-many-tries", "get", "/v1/ensemble")

    @provokes("forbidden")
    def test_must_have_the_role(self):
        # Without a token this machine is a doctor's device.
        for path in ("/v1/cases/balance", "/v1/audit/head"):
            with self.subTest(path):
                self.assertProblem(ask("get", path, Authorization=None), "forbidden", "get", path)

    @provokes("too-many-requests")
    def test_must_not_be_tried_without_end(self):
        # Four seconds later the next test may try again: 60 at once, 20 a second.
        self.addCleanup(time.sleep, 4)
        connection = http.client.HTTPConnection(BASE.hostname, BASE.port or 80, timeout=contract.PATIENCE)
        answers = []
        for _ in range(150):
            connection.request("GET", "/v1/ensemble", headers={"Authorization": "Bearer x"})
            answers.append(contract.Answer(connection.getresponse()))
            if answers[-1].status == 429:
                break
        connection.close()
        self.assertProblem(answers[-1], "too-many-requests", "get", "/v1/ensemble")


class TheRecords(ContractTestCase):
    @provokes("record-unknown")
    def test_know_what_they_do_not_have(self):
        code = "00000-00000-00000-00000"
        for path, fields in {
            "/v1/consents/lookup": {"code": code}, "/v1/withdrawals": {"code": code},
            "/v1/cases/histology": {"case": "00000-00000", "histology": "nevus"},
        }.items():
            with self.subTest(path):
                self.assertProblem(post(path, fields=fields), "record-unknown", "post", path)

    def test_refuse_a_field_that_there_is_none_of(self):
        for path in ("/v1/analyses", "/v1/consents", "/v1/consents/lookup", "/v1/withdrawals", "/v1/cases", "/v1/cases/histology"):
            with self.subTest(path):
                parts, fields = good_form(path)
                answer = post(path, *parts, fields=fields | {"agee": "63"})
                self.assertProblem(answer, "field-invalid", "post", path)
                self.assertNotIn("agee", answer.text)

    def test_answer_a_request_that_is_sent_again_the_same(self):
        key = str(uuid.uuid4())
        for path, name in (("/v1/consents", "code"), ("/v1/cases", "case")):
            with self.subTest(path):
                parts, fields = good_form(path)
                answers = [post(path, *parts, fields=fields, Idempotency_Key=key) for _ in range(3)]
                self.assertEqual({answer.status for answer in answers}, {201})
                self.assertEqual(len({answer.json[name] for answer in answers}), 1)
                changed = post(path, *parts, fields=fields | {"donation" if name == "code" else "monk": "granted" if name == "code" else "3"},
                               Idempotency_Key=key)
                self.assertProblem(changed, "field-invalid", "post", path)

    def test_a_withdrawal_ends_a_consent_and_what_is_kept_under_it(self):
        given = consent().json
        self.assertEqual(post("/v1/cases", *good_form("/v1/cases")[0], fields={"consent": given["code"]}).status, 201)
        self.assertEqual(post("/v1/consents/lookup", fields={"code": given["code"]}).json["photos"], 1)
        # The patient has no token and is nobody's device.
        answer = post("/v1/withdrawals", fields={"code": given["code"].lower().replace("-", " ")}, Authorization=None)
        self.assertHolds(answer, "post", "/v1/withdrawals")
        self.assertEqual((answer.json["photos_deleted"], answer.json["consent"]), (1, given["id"]))
        self.assertEqual(ask("get", "/v1/audit/head").json["sequence"] >= answer.json["proof"]["sequence"], True)
        after = post("/v1/consents/lookup", fields={"code": given["code"]})
        self.assertHolds(after, "post", "/v1/consents/lookup")
        self.assertEqual((after.json["photos"], "processing" in after.json, "withdrawn" in after.json), (0, False, True))
        for fields in ({"consent": given["code"], "views": 1}, {"consent": given["code"]}):
            path = "/v1/analyses" if "views" in fields else "/v1/cases"
            self.assertEqual(post(path, *good_form("/v1/analyses")[0], fields=fields).status, 422)

    def test_every_operation_that_needs_a_token_says_so(self):
        for method, path, operation in OPERATIONS:
            if method in ("get", "post"):
                with self.subTest(f"{method} {path}"):
                    self.assertEqual("401" in operation["responses"], needs_token(operation))
        self.assertEqual(DOCUMENT["security"][-1], {}, "devices in open networks need none")


if __name__ == "__main__":
    unittest.main()
