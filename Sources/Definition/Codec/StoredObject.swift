// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// Reads the members of an object in a stored graph.
struct StoredObject: Sendable {
    /// The way to an object; its text is needed only for errors.
    indirect enum Place: Sendable {
        case root
        case member(Place, String)
        case element(Place, Int)

        func appending(_ key: String) -> Place { .member(self, key) }

        var pointer: JSONPointer {
            switch self {
            case .root: .root
            case .member(let place, let key): place.pointer.appending(key)
            case .element(let place, let index): place.pointer.appending(index)
            }
        }
    }

    private let object: JSONObject
    private let pointer: Place

    init(_ value: JSONValue?, at pointer: @autoclosure () -> Place = .root) throws(GraphCodecError) {
        guard let object = value?.objectValue else { throw Self.error("is no object", at: pointer()) }
        self.object = object
        self.pointer = pointer()
    }

    static func error(_ message: String, at place: Place) -> GraphCodecError {
        GraphCodecError(message: "\"\(place.pointer)\" \(message)")
    }

    /// No members at all.
    static let empty = StoredObject()

    private init() {
        object = [:]
        pointer = .root
    }

    /// There are no other keys than these.
    func hasOnly(_ keys: [String]) -> Bool {
        object.members.allSatisfy { keys.contains($0.key) }
    }

    var keys: [String] { Array(object.keys) }

    func has(_ key: String) -> Bool { object[key] != nil }

    func value(_ key: String) throws(GraphCodecError) -> JSONValue {
        guard let value = object[key] else { throw Self.error("is missing", at: pointer.appending(key)) }
        return value
    }

    func object(_ key: String) throws(GraphCodecError) -> StoredObject {
        try StoredObject(object[key], at: pointer.appending(key))
    }

    /// The elements of a list of objects.
    func objects(_ key: String) throws(GraphCodecError) -> [StoredObject] {
        var result: [StoredObject] = []
        let elements = try list(key)
        let place = pointer.appending(key)
        result.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            result.append(try StoredObject(element, at: .element(place, index)))
        }
        return result
    }

    func texts(_ key: String) throws(GraphCodecError) -> [String] {
        var result: [String] = []
        for element in try list(key) {
            guard let text = element.stringValue else { throw wrong(key) }
            result.append(text)
        }
        return result
    }

    func text(_ key: String) throws(GraphCodecError) -> String {
        guard let text = try value(key).stringValue else { throw wrong(key) }
        return text
    }

    func integer(_ key: String) throws(GraphCodecError) -> Int {
        guard let integer = try value(key).intValue else { throw wrong(key) }
        return Int(integer)
    }

    func number(_ key: String) throws(GraphCodecError) -> Double {
        guard let number = try value(key).doubleValue else { throw wrong(key) }
        return number
    }

    func flag(_ key: String) throws(GraphCodecError) -> Bool {
        guard let flag = try value(key).boolValue else { throw wrong(key) }
        return flag
    }

    func duration(_ key: String) throws(GraphCodecError) -> Duration {
        .milliseconds(try integer(key))
    }

    func choice<Choice: RawRepresentable<String>>(_ key: String) throws(GraphCodecError) -> Choice {
        guard let choice = Choice(rawValue: try text(key)) else { throw wrong(key) }
        return choice
    }

    func expression(_ key: String) throws(GraphCodecError) -> CELExpression {
        do {
            return try CELExpression(try text(key))
        } catch let error as GraphCodecError {
            throw error
        } catch {
            throw Self.error("is no expression: \(error)", at: pointer.appending(key))
        }
    }

    func template(_ key: String) throws(GraphCodecError) -> ValueTemplate {
        try Self.template(try value(key), at: pointer.appending(key))
    }

    /// The object itself as a template.
    func template() throws(GraphCodecError) -> ValueTemplate {
        try Self.template(.object(object), at: pointer)
    }

    /// A member that may be missing, read by one of the functions above.
    func optional<Result>(
        _ key: String,
        _ read: (String) throws(GraphCodecError) -> Result
    ) throws(GraphCodecError) -> Result? {
        has(key) ? try read(key) : nil
    }

    func wrong(_ key: String) -> GraphCodecError {
        Self.error("has a value that does not fit", at: pointer.appending(key))
    }

    private static func template(
        _ value: JSONValue,
        at pointer: @autoclosure () -> Place
    ) throws(GraphCodecError) -> ValueTemplate {
        do {
            return try ValueTemplate(value)
        } catch {
            throw Self.error("is no template: \(error.cause)", at: pointer())
        }
    }

    func list(_ key: String) throws(GraphCodecError) -> [JSONValue] {
        guard let list = try value(key).arrayValue else { throw wrong(key) }
        return list
    }
}
