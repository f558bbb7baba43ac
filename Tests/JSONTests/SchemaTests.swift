// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct SchemaTests {
    @Test func `values satisfy a schema or not`() throws {
        // Schema, values that satisfy it, values that do not.
        let table: [(JSONValue, [JSONValue], [JSONValue])] = [
            (true, [nil, 1], []), (false, [], [nil, [:]]), ([:], [nil, "x"], []),
            (["type": "null"], [nil], [0, false]), (["type": "boolean"], [true], [0, "true"]),
            (["type": "integer"], [1, 1.0, 1e300], [1.5, "1"]), (["type": "number"], [1, 1.5], ["1", nil]),
            (["type": "string"], [""], [1]), (["type": "array"], [[]], [[:]]), (["type": "object"], [[:]], [[]]),
            (["type": ["string", "null"]], ["", nil], [1]), (["enum": [1, "a", [2]]], [1.0, "a", [2]], [2, "b", []]),
            (["const": ["a": 1]], [["a": 1.0]], [[:], ["a": 2]]), (["enum": []], [], [nil]),
            (["properties": ["a": ["type": "string"]]], [["a": ""], [:], ["b": 1], 5], [["a": 1]]),
            (["required": ["a", "b"]], [["a": nil, "b": 1], []], [["a": 1], [:]]),
            (["properties": ["a": true], "additionalProperties": false], [["a": 1], [:]], [["b": 1]]),
            (["additionalProperties": ["type": "integer"]], [["x": 1]], [["x": "1"]]),
            (["minProperties": 1, "maxProperties": 2], [["a": 1], 7], [[:], ["a": 1, "b": 2, "c": 3]]),
            (["items": ["type": "integer"]], [[1, 2], [], [:]], [[1, "2"]]),
            (["prefixItems": [["type": "string"]], "items": false], [["a"], []], [["a", 1], [1]]),
            (["minItems": 1, "maxItems": 2.0], [[1], "x"], [[], [1, 2, 3]]),
            (["uniqueItems": true], [[1, "1", [1]], []], [[1, 1.0], [["a": 1], ["a": 1]]]),
            (["minLength": 2, "maxLength": 3], ["ab", "😀😀😀", "e\u{301}", 5], ["a", "abcd", "😀"]),
            (["minimum": 2, "maximum": 3], [2, 3, 2.5, "x"], [1, 1.99, 3.01]),
            (["exclusiveMinimum": 2, "exclusiveMaximum": 3.5], [2.01, 3], [2, 2.0, 3.5, 4]),
            (["maximum": 9_007_199_254_740_992.0], [9_007_199_254_740_992], [9_007_199_254_740_993]),
            (["minimum": 1e300], [1e301], [.int(.max)]), (["minimum": -1e300], [.int(.min)], [-1e301]),
            (["multipleOf": 3], [0, 9, -9, 9.0], [10, 9.5]), (["multipleOf": 0.01], [19.99, 4.35, 1], [0.001]),
            (["multipleOf": 0.0001], [0.0075], [0.00751]), (["multipleOf": 0.123456789], [0.246913578], [1e308]),
            (["multipleOf": 0.5], [1e308, 4.5], [4.51]), (["multipleOf": 10], [100, 1e20], [101, 5]),
            (["allOf": [["minimum": 1], ["maximum": 2]]], [1, 2], [0, 3]),
            (["anyOf": [["type": "string"], ["minimum": 5]]], ["", 5], [4]),
            (["oneOf": [["minimum": 1], ["maximum": 2]]], [0, 3], [1]), (["oneOf": [false, false]], [], [1]),
            (["not": ["type": "null"]], [1], [nil]),
            (
                ["title": "t", "format": "email", "default": 1, "x-form": [:], "$comment": "c", "type": "string"],
                ["no"], [1]
            ),
        ]
        for (source, good, bad) in table {
            let schema = try JSONSchema(source)
            for value in good { #expect(schema.validate(value).isEmpty, "\(source) accepts \(value)") }
            for value in bad { #expect(!schema.validate(value).isEmpty, "\(source) refuses \(value)") }
        }
    }

    @Test func `violations say where and what`() throws {
        let schema = try JSONSchema([
            "type": "object", "required": ["name", "size"], "additionalProperties": false,
            "properties": [
                "name": ["type": "string", "minLength": 1],
                "tags": ["items": ["type": ["string", "null"]], "maxItems": 1, "uniqueItems": true],
                "mode": ["enum": ["fast", "safe"]], "size": ["minimum": 1, "multipleOf": 2],
                "any": ["anyOf": [["type": "integer"], ["properties": ["a/b": false]]]], "not": ["not": true],
                "one": ["oneOf": [true, true]],
            ],
        ])
        let value: JSONValue = [
            "name": 5, "tags": ["a", 1, "a"], "mode": "slow", "size": -1, "any": ["a/b": 1], "not": 1, "one": 1, "x": 1,
        ]
        let expected = [
            "/name must be a string, is a number", "/tags must have at most 1 element, has 3",
            "/tags must have different elements, but 0 and 2 are equal",
            "/tags/1 must be a string or null, is a number",
            "/mode must be one of \"fast\", \"safe\", is \"slow\"", "/size must be at least 1, is -1",
            "/size must be a multiple of 2, is -1",
            "/any must match one of 2 schemas: must be an integer, is an object; /a~1b is not allowed",
            "/not must not match the schema under \"not\", but does",
            "/one must match exactly one of 2 schemas, matches 2", "/x is not allowed",
        ]
        #expect(schema.validate(value).map(\.description) == expected)
        #expect(
            schema.validate([:]).map(\.message) == ["must have the member \"name\"", "must have the member \"size\""]
        )
        #expect(schema.validate(1.5).map(\.description) == ["the value must be an object, is a number with a fraction"])
        #expect(try JSONSchema(["items": false]).validate(.array(.init(repeating: 1, count: 5_000))).count == 100)
    }

    @Test func `what cannot be checked is refused when the schema is compiled`() {
        let table: [(JSONValue, String, String)] = [
            (["pattern": "a"], "/pattern", "\"pattern\" is not a supported keyword"),
            (1, "", "a schema must be an object, true or false"),
            (["properties": ["a/b": ["$ref": "#"]]], "/properties/a~1b/$ref", "\"$ref\" is not a supported keyword"),
            (["items": ["allOf": [true, ["if": true]]]], "/items/allOf/1/if", "\"if\" is not a supported keyword"),
            (["type": "text"], "/type", "\"type\" must name types, \"text\" is none"),
            (["type": []], "/type", "\"type\" must name a type"),
            (["minLength": -1], "/minLength", "\"minLength\" must be an integer from 0"),
            (["maxItems": 1.5], "/maxItems", "\"maxItems\" must be an integer from 0"),
            (["minimum": "1"], "/minimum", "\"minimum\" must be a number"),
            (["multipleOf": 0], "/multipleOf", "\"multipleOf\" must be above 0"),
            (["required": ["a", 1]], "/required", "\"required\" must be an array of names"),
            (["not": nil], "/not", "a schema must be an object, true or false"),
            (["anyOf": []], "/anyOf", "\"anyOf\" must be an array with one schema or more"),
            (["enum": 1], "/enum", "\"enum\" must be an array"),
            (["properties": []], "/properties", "\"properties\" must be an object"),
            (["uniqueItems": 1], "/uniqueItems", "\"uniqueItems\" must be true or false"),
        ]
        for (source, pointer, message) in table {
            #expect(throws: JSONSchemaError.self, "\(source)") { try JSONSchema(source) }
            do throws(JSONSchemaError) { _ = try JSONSchema(source) } catch {
                #expect(error.pointer.description == pointer && error.message == message, "\(error)")
            }
        }
    }
}
