// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

extension NodeReader {
    mutating func http(_ config: SourceValue) -> JSONObject? {
        guard var object = shapes.object(config, as: NodeTypeDescription.http.config) else { return nil }
        found.isRead = ["GET", "HEAD", "OPTIONS"].contains(object["method"]?.stringValue)
        for key in ["query", "headers"] {
            if let value = config.member(key) { checkTable(value, key) }
        }
        var expect = object["expect"]?.objectValue ?? [:]
        let status = expect["status"] ?? ["2xx"]
        expect["status"] = status.arrayValue == nil ? .array([status]) : status
        object["expect"] = .object(expect)
        if let value = config.member("url"), let url = value.text { checkURL(url, value) }
        if let auth = config.member("auth") { checkAuth(auth) }
        return object["url"] == nil ? nil : object
    }

    /// Values are texts, numbers and booleans; one expression may give all of them.
    private func checkTable(_ value: SourceValue, _ key: String) {
        for (entry, member) in value.members ?? [] {
            if key == "headers" { checkHeader(entry, member) }
            switch member.node.content {
            case .text, .int, .double, .bool: break
            case .list where key == "query": break
            default:
                let message = "`\(entry.key)` must be text, a number or a boolean, not \(member.node.kindName)"
                sink.report(.invalidConfig, at: member, message)
            }
        }
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

    private func checkAuth(_ auth: SourceValue) {
        if let secret = auth.member("secret"), let name = secret.text { checkSecret(name, secret) }
        let isHeader = auth.member("scheme")?.text == "header"
        if isHeader != (auth.member("header") != nil) {
            sink.report(.invalidConfig, at: auth, "`header` belongs to `scheme: header`, which needs it")
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
