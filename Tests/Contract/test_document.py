"""The document itself: valid OpenAPI 3.1, complete, closed, and the one that is served."""

import re
import unittest

from jsonschema import Draft202012Validator

from contract import DOCUMENT, FILE, OPERATIONS, REPOSITORY, ContractTestCase, ask, at, complaints, events, resolved
from openapi_structure import STRUCTURE

PROBLEM = "urn:melascan:problem:"


def walk(node, place="#"):
    """Every object below a node, with its place."""
    if isinstance(node, dict):
        yield place, node
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from walk(value, f"{place}/{key}")


def media_types():
    """Every media type object that is not an example's."""
    for place, node in walk(DOCUMENT):
        if re.search(r"/(responses/[^/]+|requestBody)/content/.+$", place) and "schema" in node and "/schema/" not in place:
            yield place, node


def schemas():
    """Every schema: the named ones, and those of media types, headers and parameters."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        yield name, schema
    for place, node in walk({key: DOCUMENT["components"][key] for key in ("headers", "parameters")}):
        if "schema" in node:
            yield place, node["schema"]
    for place, node in media_types():
        yield place, node["schema"]


class TheDocument(ContractTestCase):
    def test_it_has_the_structure_of_openapi_3_1(self):
        validator = Draft202012Validator(STRUCTURE)
        self.assertEqual([f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(DOCUMENT)], [])

    def test_every_schema_is_valid_json_schema_2020_12(self):
        for place, schema in schemas():
            with self.subTest(place):
                Draft202012Validator.check_schema(schema)

    def test_every_reference_leads_somewhere(self):
        for place, node in walk(DOCUMENT):
            if "$ref" in node:
                with self.subTest(place):
                    self.assertIsInstance(at(node["$ref"]), dict)

    def test_every_component_is_used(self):
        used = {node["$ref"] for _, node in walk(DOCUMENT) if "$ref" in node}
        used |= {f"#/components/securitySchemes/{name}" for way in DOCUMENT["security"] for name in way}
        defined = {f"#/components/{kind}/{name}" for kind, items in DOCUMENT["components"].items() for name in items}
        self.assertEqual(defined - used, set())

    def test_operations_have_names_of_their_own_and_known_tags(self):
        names = [operation["operationId"] for _, _, operation in OPERATIONS]
        self.assertEqual(len(names), len(set(names)))
        known = {tag["name"] for tag in DOCUMENT["tags"]}
        self.assertEqual({tag for _, _, operation in OPERATIONS for tag in operation["tags"]}, known)

    def test_no_path_has_parameters_that_are_not_described(self):
        self.assertEqual([path for path in DOCUMENT["paths"] if "{" in path or "?" in path], [])

    def test_every_path_that_is_read_has_head_and_all_have_a_preflight(self):
        for path, item in DOCUMENT["paths"].items():
            with self.subTest(path):
                self.assertEqual("get" in item, "head" in item)
                self.assertIn("options", item)

    def test_objects_are_closed_and_say_which_properties_are_left_out(self):
        for place, node in walk(DOCUMENT["components"]["schemas"]):
            if node.get("type") == "object" and "properties" in node and not place.endswith("/AnalysisForm"):
                with self.subTest(place):
                    self.assertIs(node["additionalProperties"], False)
                    self.assertLessEqual(set(node["required"]), set(node["properties"]))

    def test_every_schema_and_every_property_is_described(self):
        for place, node in walk(DOCUMENT["components"]["schemas"], "schemas"):
            is_named = re.fullmatch(r"schemas/[^/]+", place) or re.search(r"/properties/[^/]+$", place)
            if is_named and not re.search(r"/(allOf|oneOf)/", place):
                with self.subTest(place):
                    self.assertTrue(node.get("description") or "$ref" in node)

    def test_every_example_fits_its_schema(self):
        count = 0
        for place, media in media_types():
            examples = [example["value"] for example in media.get("examples", {}).values()]
            for value in examples + ([media["example"]] if "example" in media else []):
                count += 1
                with self.subTest(place):
                    self.assertFits(media["schema"], value)
                    for name, data in events(value) if "x-events" in media else ():
                        self.assertFits(media["x-events"][name], data)
        self.assertGreater(count, 30)

    def test_examples_of_schemas_fit_them(self):
        for place, schema in schemas():
            for value in resolved(schema).get("examples", []):
                with self.subTest(place):
                    self.assertFits(schema, value)

    def test_a_problem_whose_status_is_not_its_codes_does_not_fit(self):
        problem = {"type": PROBLEM + "image-missing", "title": "No photo", "status": 400, "detail": "Choose a photo.", "field": "image"}
        self.assertFits({"$ref": "#/components/schemas/Problem"}, problem)
        for change in ({"status": 422}, {"type": PROBLEM + "busy"}, {"field": "name"}, {"instance": "/x"}):
            with self.subTest(change):
                self.assertNotEqual(complaints({"$ref": "#/components/schemas/Problem"}, {**problem, **change}), [])

    def test_each_problem_code_has_an_example_in_a_response_of_its_status(self):
        shown = {
            (example["type"], example["status"])
            for _, media in media_types()
            for example in (entry["value"] for entry in media.get("examples", {}).values())
            if "type" in example
        }
        rules = DOCUMENT["components"]["schemas"]["Problem"]["oneOf"]
        ruled = {(code, rule["properties"]["status"]["const"]) for rule in rules for code in rule["properties"]["type"]["enum"]}
        self.assertEqual(shown, ruled)
        self.assertEqual({code for code, _ in ruled}, set(DOCUMENT["components"]["schemas"]["ProblemType"]["enum"]))

    def test_it_lists_the_problem_codes_of_the_sources_and_no_others(self):
        swift = (REPOSITORY / "Sources/MelaFCGI/HTTP/Problem.swift").read_text(encoding="utf-8")
        enumeration = swift[swift.index("enum Code: String") : swift.index("var status:")]
        cases = re.findall(r'^\s*case (\w+)(?: = "([a-z-]+)")?$', enumeration, re.MULTILINE)
        codes = {PROBLEM + (raw or name) for name, raw in cases}
        self.assertGreater(len(codes), 15)
        for site in (REPOSITORY / "deploy").rglob("*.conf"):
            codes |= set(re.findall(PROBLEM + r"[a-z-]+", site.read_text(encoding="utf-8")))
        self.assertEqual(set(DOCUMENT["components"]["schemas"]["ProblemType"]["enum"]), codes)

    def test_it_lists_the_reasons_and_remarks_of_the_sources_and_no_others(self):
        swift = (REPOSITORY / "Sources/Model/Reading/Statement.swift").read_text(encoding="utf-8")
        enumeration = swift[swift.index("enum Code: String") : swift.index("enum Value")]
        codes = {raw or name for name, raw in re.findall(r'^\s*case (\w+)(?: = "([a-z_]+)")?$', enumeration, re.MULTILINE)}
        self.assertGreater(len(codes), 15)
        documented = [DOCUMENT["components"]["schemas"][name]["properties"]["code"]["enum"] for name in ("Reason", "Remark")]
        rules = {code for code in codes if code.startswith("rule_")}  # they have a text alone
        self.assertEqual(set(sum(documented, [])), codes - rules)

    def test_it_lists_the_paths_of_the_router_and_no_others(self):
        swift = (REPOSITORY / "Sources/MelaFCGI/Router.swift").read_text(encoding="utf-8")
        routes = set(re.findall(r'Route\(\s*path: "([^"]+)", method: \.(\w+)', swift))
        documented = {(path, method) for method, path, _ in OPERATIONS if method not in ("head", "options")}
        self.assertEqual(documented, routes)

    def test_it_promises_nothing(self):
        text = FILE.read_text(encoding="utf-8").lower()
        for word in ("benign", "low risk", "low-risk", "harmless", "healthy", "all-clear for"):
            self.assertNotIn(word, text)
        self.assertIn("Decision support, not a diagnosis.", DOCUMENT["info"]["description"])

    def test_it_names_the_licence_of_the_software(self):
        self.assertEqual(DOCUMENT["info"]["license"]["identifier"], "Apache-2.0")


class TheServedDocument(ContractTestCase):
    def test_the_server_serves_this_very_file(self):
        self.assertEqual(ask("get", "/v1/openapi.json").body, FILE.read_bytes())

    def test_its_version_is_the_servers(self):
        self.assertEqual(ask("get", "/v1/ensemble").json["server_version"], DOCUMENT["info"]["version"])


if __name__ == "__main__":
    unittest.main()
