// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

/// The members of a body that fits its contract; `null` counts as left out.
struct Fields: Sendable {
    let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    subscript(name: String) -> JSONValue? {
        guard let value = object[name], value != .null else { return nil }
        return value
    }

    func text(_ name: String) -> String? { self[name]?.stringValue }

    /// Text that the contract requires.
    func requiredText(_ name: String) -> String { text(name) ?? "" }

    func flag(_ name: String) -> Bool { self[name] == .bool(true) }

    func optionalFlag(_ name: String) -> Bool? { self[name].map { $0 == .bool(true) } }

    func integer(_ name: String) -> Int? { self[name]?.intValue.map { Int($0) } }

    func members(_ name: String) -> JSONObject? { self[name]?.objectValue }

    func texts(_ name: String) -> [String]? { self[name]?.arrayValue?.compactMap(\.stringValue) }

    /// Text members of an object.
    func labels(_ name: String) -> [String: String] {
        var labels: [String: String] = [:]
        for member in members(name) ?? [:] { labels[member.key] = member.value.stringValue }
        return labels
    }

    func id<Kind>(_ name: String, _ kind: Identifier<Kind>.Type = Identifier<Kind>.self) -> Identifier<Kind>? {
        text(name).flatMap { Identifier<Kind>($0) }
    }

    /// - Throws: When the contract's pattern lets through what is no time.
    func time(_ name: String) throws(Problem) -> Timestamp? {
        guard let text = text(name) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw .invalid("/\(name)", "must be a time such as 2026-01-31T12:00:00Z")
        }
        return time
    }

    func money(_ name: String) throws(Problem) -> Money? {
        guard let text = text(name) else { return nil }
        guard let money = Money(text: text) else { throw .invalid("/\(name)", "must be an amount such as 1.50") }
        return money
    }
}
