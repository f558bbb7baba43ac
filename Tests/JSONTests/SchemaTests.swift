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
            for value in good {
                #expect(schema.validate(value).isEmpty && schema.isValid(value), "\(source) accepts \(value)")
            }
            for value in bad {
                #expect(!schema.validate(value).isEmpty && !schema.isValid(value), "\(source) refuses \(value)")
            }
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
            (["patern": "a"], "/patern", "\"patern\" is not a known keyword"),
            (
                ["pattern": "("], "/pattern",
                "\"pattern\" cannot be used: the pattern is wrong at character 2: a group has no `)`"
            ),
            (1, "", "a schema must be an object, true or false"),
            (
                ["properties": ["a/b": ["$ref": "#/x"]]], "/properties/a~1b/$ref",
                "\"$ref\" refers to #/x, which is not there"
            ),
            (["items": ["allOf": [true, ["fi": true]]]], "/items/allOf/1/fi", "\"fi\" is not a known keyword"),
            (["$schema": "http://x/"], "", "\"$schema\" names the dialect http://x/, which is not known"),
            (["$ref": "http://x/"], "/$ref", "\"$ref\" refers to http://x/, which is not there"),
            (["$defs": ["a": ["type": 1]]], "/$defs/a/type", "\"type\" must name types, 1 is none"),
            (["$ref": "#"], "", "the schema applies itself to the same value, without end"),
            (
                ["$defs": ["a": ["allOf": [["$ref": "#/$defs/b"]]], "b": ["if": ["$ref": "#/$defs/a"]]]], "/$defs/a",
                "the schema applies itself to the same value, without end"
            ),
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
            let error = #expect(throws: JSONSchemaError.self, "\(source)") {
                try JSONSchema(source, options: .strict)
            }
            #expect(error?.pointer.description == pointer && error?.message == message, "\(String(describing: error))")
        }
    }

    @Test func `violations name the keyword that is broken`() throws {
        let registry = JSONSchema.Registry(["http://x/size": ["$defs": ["s": ["minimum": 3]]]])
        let schema = try JSONSchema(
            [
                "properties": [
                    "a/b": ["$ref": "#/$defs/name"], "size": ["$ref": "http://x/size#/$defs/s"],
                    "link": ["format": "uri"], "list": ["contains": ["const": 1], "unevaluatedItems": false],
                ],
                "propertyNames": ["maxLength": 4], "dependentRequired": ["size": ["unit"]],
                "$defs": ["name": ["type": "string", "pattern": "^[a-z]+$"]],
            ],
            registry: registry,
            options: .strict
        )
        let value: JSONValue = ["a/b": "A", "size": 2, "link": "x", "list": [1, 2], "toolong": 1]
        let violations = schema.validate(value)
        #expect(
            violations.map { "\($0.schemaURI)#\($0.schemaPointer) \($0)" } == [
                "#/dependentRequired the value must have the member \"unit\", since it has the member \"size\"",
                "#/$defs/name/pattern /a~1b must match the pattern ^[a-z]+$, is \"A\"",
                "http://x/size#/$defs/s/minimum /size must be at least 3, is 2",
                "#/properties/link/format /link must be a URI with its scheme, is \"x\"",
                "#/properties/list/unevaluatedItems /list/1 is not allowed",
                "#/propertyNames the value must not have the member \"toolong\", whose name must have at most 4 "
                    + "characters, has 7",
            ]
        )
    }

    @Test(.timeLimit(.minutes(5))) func `hostile schemas and values end with a clear answer`() throws {
        // Each level tries the next twice, so 2^60 ways lead down.
        var definitions = JSONObject()
        for level in 0..<60 {
            let next: JSONValue = ["$ref": "#/$defs/l\(level + 1)"]
            definitions["l\(level)"] = ["oneOf": [next, next]]
        }
        definitions["l60"] = ["type": "null"]
        let fan = try JSONSchema(
            ["$ref": "#/$defs/l0", "$defs": .object(definitions)],
            options: .init(stepLimit: 100_000)
        )
        #expect(fan.validate(1).map(\.code) == [.tooManySteps] && !fan.isValid(1))
        let not = try JSONSchema(
            ["not": ["$ref": "#/$defs/l0"], "$defs": .object(definitions)],
            options: .init(stepLimit: 100_000)
        )
        #expect(not.validate(1).map(\.code) == [.tooManySteps] && !not.isValid(1))

        var loop: JSONObject = ["$dynamicRef": "#x", "$dynamicAnchor": "y"]
        loop["$defs"] = ["d": ["$dynamicAnchor": "x", "type": "object"]]
        // Only in the scope of the outer schema the reference leads back.
        let outer: JSONValue = [
            "$id": "http://o/", "$dynamicAnchor": "x", "$ref": "http://i/",
            "$defs": ["i": .object(JSONObject(members: [.init(key: "$id", value: "http://i/")] + loop.members))],
        ]
        #expect(try JSONSchema(outer).validate(1).map(\.code) == [.tooDeep])

        let tree = try JSONSchema(["type": "array", "items": ["$ref": "#"], "uniqueItems": true])
        var deep: JSONValue = []
        for _ in 0..<1_000 { deep = [deep] }
        #expect(tree.isValid(deep))
        let list = JSONValue.array((0..<100_000).map { ["n": .int($0)] })
        #expect(try JSONSchema(["uniqueItems": true]).isValid(list))
        let pattern = try JSONSchema(["pattern": "^(a+)+$"], options: .init(stepLimit: 1_000_000))
        #expect(!pattern.isValid(.string(.init(repeating: "a", count: 10_000) + "b")))
        #expect(pattern.validate(.string(.init(repeating: "a", count: 2_000_000))).map(\.code) == [.tooManySteps])
    }

    @Test func `schemas of older drafts keep their meaning`() throws {
        let seven = try JSONSchema([
            "$schema": "http://json-schema.org/draft-07/schema#", "items": [["type": "string"]],
            "additionalItems": false, "definitions": ["t": ["$id": "#t", "type": "object"]],
            "dependencies": ["a": ["b"], "c": ["required": ["d"]]], "propertyNames": ["$ref": "#n", "maxLength": 0],
            "not": ["$ref": "#t", "type": "array"], "if": true, "else": ["$id": "#n"],
        ])
        #expect(seven.isValid(["x"]) && !seven.isValid([1]) && !seven.isValid(["x", 1]) && !seven.isValid([:]))
        let nineteen = try JSONSchema([
            "$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": true,
            "properties": ["child": ["$recursiveRef": "#"], "n": ["type": "integer"]],
            "unevaluatedProperties": false, "prefixItems": false,
        ])
        #expect(nineteen.isValid(["child": ["n": 1]]) && !nineteen.isValid(["child": ["n": "x"]]))
        #expect(nineteen.isValid([1]) && !nineteen.isValid(["m": 1]))
    }
}
