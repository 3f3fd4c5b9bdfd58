"""The shape of an OpenAPI 3.1 document as a JSON Schema: each object that this document uses, with its fields and no others.

After the OpenAPI Specification 3.1.0, chapter 4.8; the objects that have no part in this interface (callbacks, links, webhooks, XML) are left
out, and so are not allowed.
"""

EXTENSIONS = {"^x-": True}
TEXT = {"type": "string", "minLength": 1}


def closed(properties, required=(), **more):
    """An object with these fields and extensions only."""
    return {
        "type": "object", "properties": properties, "required": list(required), "patternProperties": EXTENSIONS,
        "additionalProperties": False, **more,
    }


def ref(name):
    return {"$ref": f"#/$defs/{name}"}


def or_reference(name):
    return {"if": {"type": "object", "required": ["$ref"]}, "then": ref("reference"), "else": ref(name)}


def map_of(schema, keys=TEXT):
    return {"type": "object", "propertyNames": keys, "additionalProperties": schema}


METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]
COMPONENT_NAME = {"pattern": "^[a-zA-Z0-9._-]+$"}
# Both together are not allowed (4.8.14, 4.8.12).
ONE_KIND_OF_EXAMPLE = {"not": {"required": ["example", "examples"]}}

DEFINITIONS = {
    "reference": {
        "type": "object", "required": ["$ref"], "additionalProperties": False,
        "properties": {"$ref": {"type": "string", "pattern": "^#/components/"}, "summary": TEXT, "description": TEXT},
    },
    "info": closed(
        {
            "title": TEXT, "summary": TEXT, "description": TEXT, "termsOfService": TEXT, "version": TEXT,
            "contact": closed({"name": TEXT, "url": TEXT, "email": TEXT}),
            "license": closed({"name": TEXT, "identifier": TEXT, "url": TEXT}, ["name"], **{"not": {"required": ["identifier", "url"]}}),
        },
        ["title", "version"],
    ),
    "server": closed({"url": TEXT, "description": TEXT}, ["url"]),
    "tag": closed({"name": TEXT, "description": TEXT}, ["name"]),
    "paths": map_of(ref("pathItem"), {"pattern": "^/"}),
    "pathItem": closed(
        {
            "summary": TEXT, "description": TEXT, "parameters": {"type": "array", "items": or_reference("parameter")},
            **{method: ref("operation") for method in METHODS},
        }
    ),
    "operation": closed(
        {
            "operationId": {"pattern": "^[a-zA-Z][a-zA-Z0-9]*$"}, "summary": TEXT, "description": TEXT, "deprecated": {"type": "boolean"},
            "tags": {"type": "array", "items": TEXT, "uniqueItems": True, "minItems": 1},
            "parameters": {"type": "array", "items": or_reference("parameter"), "uniqueItems": True},
            "requestBody": or_reference("requestBody"), "responses": ref("responses"), "security": ref("security"),
        },
        ["operationId", "summary", "tags", "responses"],
    ),
    "parameter": closed(
        {
            "name": TEXT, "in": {"enum": ["query", "header", "path", "cookie"]}, "description": TEXT, "required": {"type": "boolean"},
            "deprecated": {"type": "boolean"}, "schema": ref("schema"), "example": True, "examples": map_of(or_reference("example")),
        },
        ["name", "in", "schema"],
        **ONE_KIND_OF_EXAMPLE,
    ),
    "requestBody": closed(
        {"description": TEXT, "required": {"type": "boolean"}, "content": map_of(ref("mediaType"), ref("mediaRange"))}, ["content"],
    ),
    "mediaRange": {"pattern": "^[a-z]+/[a-z0-9.+-]+$"},
    "mediaType": closed(
        {
            "schema": ref("schema"), "example": True, "examples": map_of(or_reference("example")),
            "encoding": map_of(closed({"contentType": TEXT, "headers": map_of(or_reference("header"))})),
        },
        ["schema"],
        **ONE_KIND_OF_EXAMPLE,
    ),
    "responses": {
        "type": "object", "minProperties": 1, "propertyNames": {"pattern": "^([1-5][0-9][0-9]|default|x-.*)$"},
        "additionalProperties": or_reference("response"),
    },
    "response": closed(
        {"description": TEXT, "headers": map_of(or_reference("header")), "content": map_of(ref("mediaType"), ref("mediaRange"))},
        ["description"],
    ),
    # A list of ways in, each a map of schemes that are needed together; an empty map is none.
    "security": {"type": "array", "items": map_of({"const": []}, {"enum": ["deviceToken", "deviceCertificate"]})},
    "securityScheme": closed(
        {"type": {"enum": ["http", "mutualTLS"]}, "scheme": {"const": "bearer"}, "bearerFormat": TEXT, "description": TEXT}, ["type"]
    ),
    "header": closed(
        {"description": TEXT, "required": {"type": "boolean"}, "deprecated": {"type": "boolean"}, "schema": ref("schema")}, ["schema"]
    ),
    "example": closed({"summary": TEXT, "description": TEXT, "value": True}, ["value"]),
    "components": closed(
        {
            "schemas": map_of(ref("schema"), COMPONENT_NAME), "responses": map_of(or_reference("response"), COMPONENT_NAME),
            "parameters": map_of(or_reference("parameter"), COMPONENT_NAME), "headers": map_of(or_reference("header"), COMPONENT_NAME),
            "securitySchemes": map_of(or_reference("securityScheme"), COMPONENT_NAME),
        }
    ),
    # Schemas are held to JSON Schema 2020-12 itself, in test_document.py.
    "schema": {"type": "object"},
}

STRUCTURE = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": DEFINITIONS,
    **closed(
        {
            "openapi": {"pattern": r"^3\.1\.[0-9]+$"}, "info": ref("info"), "paths": ref("paths"), "components": ref("components"),
            "servers": {"type": "array", "items": ref("server")}, "tags": {"type": "array", "items": ref("tag")}, "security": ref("security"),
        },
        ["openapi", "info", "paths", "components"],
    ),
}
