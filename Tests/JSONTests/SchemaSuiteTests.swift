// Baton
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
import Testing

/// The data of others that lie beside the sources, if they do: `shared/conformance` in a folder above.
enum ConformanceData {
    /// The nearest such folder; `nil` when there is none.
    static let folder: String? = {
        var folder = URL(filePath: #filePath).deletingLastPathComponent()
        while folder.pathComponents.count > 1 {
            folder.deleteLastPathComponent()
            let data = folder.appending(path: "shared/conformance").path
            if FileManager.default.fileExists(atPath: data) { return data }
        }
        return nil
    }()

    static var hasSchemas: Bool { folder.map { FileManager.default.fileExists(atPath: $0 + "/json-schema") } ?? false }

    /// The paths below a folder with JSON in them, sorted.
    static func files(_ name: String, isDeep: Bool) throws -> [String] {
        guard let folder else { return [] }
        let paths = try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/\(name)")
        return paths.filter { $0.hasSuffix(".json") && (isDeep || !$0.contains("/")) }.sorted()
    }

    static func json(_ path: String) throws -> JSONValue {
        let data = FileManager.default.contents(atPath: "\(folder ?? "")/\(path)") ?? Data()
        return try JSONValue(parsing: [UInt8](data))
    }
}

@Suite(.enabled(if: ConformanceData.hasSchemas, "conformance data not present"))
struct SchemaSuiteTests {
    /// The files of the suite's server.
    private static func registry() throws -> JSONSchema.Registry {
        var registry = JSONSchema.Registry()
        for path in try ConformanceData.files("json-schema/remotes", isDeep: true) {
            let schema = try ConformanceData.json("json-schema/remotes/\(path)")
            registry.add(schema, as: "http://localhost:1234/\(path)")
        }
        // The suite's server also serves older drafts, of which one case needs this schema.
        registry.add(
            ["$schema": "https://json-schema.org/draft/2019-09/schema", "prefixItems": [["type": "string"]]],
            as: "http://localhost:1234/draft2019-09/ignore-prefixItems.json"
        )
        return registry
    }

    /// Runs all cases of a file; gives those with another result than expected.
    private static func failures(
        _ path: String,
        _ registry: JSONSchema.Registry,
        _ options: JSONSchema.Options
    ) throws -> (count: Int, failed: [String]) {
        var count = 0
        var failed: [String] = []
        for group in try ConformanceData.json("json-schema/draft2020-12/\(path)").arrayValue ?? [] {
            let title = "\(path): \(group["description"]?.stringValue ?? "")"
            let tests = group["tests"]?.arrayValue ?? []
            count += tests.count
            let schema: JSONSchema
            do {
                schema = try JSONSchema(group["schema"] ?? nil, registry: registry, options: options)
            } catch {
                failed += tests.map { "\(title): \($0["description"]?.stringValue ?? ""): \(error)" }
                continue
            }
            for test in tests {
                let value = test["data"] ?? nil
                let violations = schema.validate(value)
                let isRight = violations.isEmpty == test["valid"]?.boolValue
                if !isRight || schema.isValid(value) != violations.isEmpty {
                    failed.append("\(title): \(test["description"]?.stringValue ?? ""): \(violations)")
                }
            }
        }
        return (count, failed)
    }

    @Test func `the required cases of the official suite pass`() throws {
        let registry = try Self.registry()
        var total = 0
        for path in try ConformanceData.files("json-schema/draft2020-12", isDeep: false) {
            let (count, failed) = try Self.failures(path, registry, JSONSchema.Options())
            total += count
            for failure in failed { Issue.record("\(failure)") }
        }
        #expect(total > 1_200)
    }

    @Test func `the optional cases pass`() throws {
        let registry = try Self.registry()
        var total = 0
        for path in try ConformanceData.files("json-schema/draft2020-12/optional", isDeep: true) {
            let options = JSONSchema.Options(assertsFormat: path.hasPrefix("format/"))
            let (count, failed) = try Self.failures("optional/\(path)", registry, options)
            total += count
            for failure in failed { Issue.record("\(failure)") }
        }
        #expect(total > 900)
    }
}
