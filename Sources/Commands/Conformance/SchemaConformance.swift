// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Cases of JSON Schemas: `{"id", "schema", "instances", "registry", "format"}` gives `{"id", "valid"}`.
enum SchemaConformance {
    static func answer(_ object: JSONObject) throws -> JSONObject {
        guard let instances = try ConformanceError.member("instances", of: object).arrayValue else {
            throw ConformanceError(description: "\"instances\" is no array")
        }
        var registry = JSONSchema.Registry()
        for member in object["registry"]?.objectValue ?? [:] { registry.add(member.value, as: member.key) }
        let schema = try JSONSchema(
            try ConformanceError.member("schema", of: object),
            registry: registry,
            options: JSONSchema.Options(assertsFormat: object["format"] == true)
        )
        return ["valid": .array(instances.map { .bool(schema.isValid($0)) })]
    }
}
