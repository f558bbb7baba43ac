// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

extension NodeReader {
    private enum Method: String, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        case options = "OPTIONS"
    }

    private enum BodyForm: String, CaseIterable {
        case auto, json, text, bytes
    }

    /// The checked configuration with all defaults; `query`, `headers` and `body` only when they were written.
    mutating func http(_ config: SourceValue) -> Graph.NodeKind? {
        guard var reader = configReader(config, .http) else { return nil }
        defer { reader.finish() }
        let method = reader.choice("method", Method.self) ?? .get
        found.isRead = [.get, .head, .options].contains(method)
        let url = reader.require("url").flatMap { value in
            reader.text(value, "url", limit: 8192).map { (text: $0, value: value) }
        }
        var result: JSONObject = ["method": .string(method.rawValue)]
        for key in ["query", "headers"] {
            if let value = reader.take(key), isTable(value, key) { result[key] = value.node.json }
        }
        if let body = reader.take("body") { result["body"] = body.node.json }
        result["expect"] = .object(readExpect(&reader))
        result["parse"] = .string((reader.choice("parse", BodyForm.self) ?? .auto).rawValue)
        result["redirects"] = .int(Int64(reader.integer("redirects", in: 0...5) ?? 0))
        result["max_bytes"] = .int(Int64(reader.integer("max_bytes", in: 1...1 << 30) ?? 10 << 20))
        guard let url else { return nil }
        result["url"] = .string(url.text)
        guard let template = expressions.template(.object(result), at: config) else { return nil }
        checkURL(url.text, url.value)
        return .http(config: template)
    }

    /// A mapping of texts, numbers and booleans, or one expression that gives it.
    private func isTable(_ value: SourceValue, _ key: String) -> Bool {
        if case .text(let text) = value.node.content, text.hasPrefix("${") { return true }
        guard let members = value.members else {
            sink.report(.invalidConfig, at: value, "`\(key)` must be a mapping, not \(value.node.kindName)")
            return false
        }
        for (entry, member) in members {
            if key == "headers" { checkHeader(entry, member) }
            switch member.node.content {
            case .text, .int, .double, .bool: break
            case .list where key == "query": break
            default:
                let message = "`\(entry.key)` must be text, a number or a boolean, not \(member.node.kindName)"
                sink.report(.invalidConfig, at: member, message)
            }
        }
        return true
    }

    /// Names are tokens (RFC 9110 section 5.1); values stay on one line.
    private func checkHeader(_ entry: SourceEntry, _ value: SourceValue) {
        if entry.key.isEmpty || !entry.key.utf8.allSatisfy(tokenBytes.contains) {
            sink.report(
                .invalidConfig,
                at: value,
                position: entry.keyPosition,
                "`\(entry.key)` is no name of a header"
            )
        }
        if case .text(let text) = value.node.content, text.utf8.contains(where: { $0 == 10 || $0 == 13 || $0 == 0 }) {
            sink.report(.invalidConfig, at: value, "the header `\(entry.key)` must be one line")
        }
    }

    /// `status` becomes a list of numbers and texts such as `2xx`.
    private func readExpect(_ outer: inout MappingReader) -> JSONObject {
        let normal: JSONObject = ["status": .array([.string("2xx")])]
        guard let value = outer.take("expect"),
            var reader = MappingReader(value, "`expect`", .config, into: sink)
        else { return normal }
        var result = normal
        if let status = reader.take("status") {
            let items = status.items ?? [status]
            for item in items where !isStatus(item) {
                reader.refuse(item, "`status` must be numbers from 100 to 599 or texts such as `2xx`")
            }
            result["status"] = .array(items.map(\.node.json))
        }
        if let schema = reader.take("schema") {
            _ = SchemaReader(sink: sink).read(schema.node.json, at: schema)
            result["schema"] = schema.node.json
        }
        reader.finish()
        return result
    }

    private func isStatus(_ value: SourceValue) -> Bool {
        switch value.node.content {
        case .int(let number): (100...599).contains(number)
        case .text(let text): ["1xx", "2xx", "3xx", "4xx", "5xx"].contains(text)
        default: false
        }
    }

    /// Checks what is literal: all of a URL without `${…}`, else the part before the path if that is literal.
    private func checkURL(_ text: String, _ value: SourceValue) {
        let literal = text.utf8.firstRange(of: "${".utf8).map { String(text[..<$0.lowerBound]) } ?? text
        let isWhole = literal.utf8.count == text.utf8.count
        guard isWhole || literal.contains("://") else { return }
        guard let rest = ["http://", "https://"].first(where: { literal.lowercased().hasPrefix($0) }) else {
            return refuse(value, "it does not start with `http://` or `https://`")
        }
        let authority = literal.dropFirst(rest.count).prefix { !"/?#\\".contains($0) }
        let isComplete = isWhole || authority.endIndex < literal.endIndex
        if authority.contains("@") { return refuse(value, "it carries a user name; send credentials in headers") }
        guard isComplete else { return }
        if authority.isEmpty { return refuse(value, "it names no host") }
        if let rule = registry.urlPolicy(literal) { refuse(value, rule) }
    }

    private func refuse(_ value: SourceValue, _ rule: String) {
        sink.report(.refusedURL, at: value, "the URL is refused: \(rule)")
    }
}

private let tokenBytes = Set(
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8
)
