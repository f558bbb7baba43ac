// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// A stored request or answer cannot be read.
public struct ModelFormatError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A JSON pointer.
    public var path: String
    /// What should be there.
    public var expected: String

    /// For people.
    public var description: String { "\(path.isEmpty ? "the value" : path) must be \(expected)" }
}

/// The members of a stored object. Members that are not known are left alone.
struct StoredFields {
    private let object: JSONObject
    private let path: String

    init(_ value: JSONValue?, at path: String = "") throws(ModelFormatError) {
        guard let object = value?.objectValue else { throw ModelFormatError(path: path, expected: "an object") }
        (self.object, self.path) = (object, path)
    }

    func value(_ key: String) -> JSONValue? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    func wrong(_ key: String, _ expected: String) -> ModelFormatError {
        ModelFormatError(path: "\(path)/\(key)", expected: expected)
    }

    func optionalText(_ key: String) throws(ModelFormatError) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.stringValue else { throw wrong(key, "text") }
        return text
    }

    func text(_ key: String) throws(ModelFormatError) -> String {
        guard let text = try optionalText(key) else { throw wrong(key, "text") }
        return text
    }

    func optionalNumber(_ key: String) throws(ModelFormatError) -> Int? {
        guard let value = value(key) else { return nil }
        guard let number = value.intValue.flatMap({ Int(exactly: $0) }) else { throw wrong(key, "a whole number") }
        return number
    }

    func flag(_ key: String, default fallback: Bool) throws(ModelFormatError) -> Bool {
        guard let value = value(key) else { return fallback }
        guard let flag = value.boolValue else { throw wrong(key, "true or false") }
        return flag
    }

    func word<Word: RawRepresentable & CaseIterable>(_ key: String) throws(ModelFormatError) -> Word?
    where Word.RawValue == String {
        guard let text = try optionalText(key) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw wrong(key, "one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }

    func object(_ key: String) throws(ModelFormatError) -> StoredFields? {
        guard let value = value(key) else { return nil }
        return try StoredFields(value, at: "\(path)/\(key)")
    }

    func list<Item>(
        _ key: String,
        _ read: (StoredFields) throws(ModelFormatError) -> Item
    ) throws(ModelFormatError) -> [Item] {
        guard let value = value(key) else { return [] }
        guard let items = value.arrayValue else { throw wrong(key, "a list") }
        var result: [Item] = []
        for (position, item) in items.enumerated() {
            result.append(try read(StoredFields(item, at: "\(path)/\(key)/\(position)")))
        }
        return result
    }

    func texts(_ key: String) throws(ModelFormatError) -> [String] {
        guard let value = value(key) else { return [] }
        guard let items = value.arrayValue else { throw wrong(key, "a list") }
        let texts = items.compactMap(\.stringValue)
        guard texts.count == items.count else { throw wrong(key, "a list of texts") }
        return texts
    }
}

extension JSONObject {
    /// Sets a member unless there is nothing to set.
    mutating func set(_ key: String, _ text: String?) {
        if let text { self[key] = .string(text) }
    }

    /// Sets a member unless there is nothing to set.
    mutating func set(_ key: String, _ number: Int?) {
        if let number { self[key] = .int(Int64(number)) }
    }

    /// Sets a member unless the list is empty.
    mutating func set(_ key: String, list: [JSONValue]) {
        if !list.isEmpty { self[key] = .array(list) }
    }
}
