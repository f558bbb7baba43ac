// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// Reads the members of an object in a stored graph.
struct StoredObject {
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
    /// The way to the object, or to the list that holds it.
    private let place: Place
    /// The position in the list.
    private let index: Int?
    /// Expressions of the graph that need not be parsed again.
    private let parsed: ParsedExpressions?

    init(_ value: JSONValue?, at place: Place = .root, parsed: ParsedExpressions? = nil) throws(GraphCodecError) {
        guard case .object(let object) = value else { throw Self.error("is no object", at: place) }
        self.object = object
        self.place = place
        index = nil
        self.parsed = parsed
    }

    fileprivate init(
        _ value: JSONValue,
        in list: Place,
        at index: Int,
        parsed: ParsedExpressions?
    ) throws(GraphCodecError) {
        guard case .object(let object) = value else { throw Self.error("is no object", at: .element(list, index)) }
        self.object = object
        place = list
        self.index = index
        self.parsed = parsed
    }

    private var pointer: Place { index.map { .element(place, $0) } ?? place }

    static func error(_ message: String, at place: Place) -> GraphCodecError {
        GraphCodecError(message: "\"\(place.pointer)\" \(message)")
    }

    var count: Int { object.count }

    var keys: [String] { object.keys }

    func has(_ key: String) -> Bool { object.contains(key) }

    func value(_ key: String) throws(GraphCodecError) -> JSONValue {
        guard let value = object[key] else { throw Self.error("is missing", at: pointer.appending(key)) }
        return value
    }

    func object(_ key: String) throws(GraphCodecError) -> StoredObject {
        try StoredObject(object[key], at: pointer.appending(key), parsed: parsed)
    }

    /// The elements of a list of objects.
    func objects(_ key: String) throws(GraphCodecError) -> [StoredObject] {
        let list = try objectList(key)
        var result: [StoredObject] = []
        for index in 0..<list.count { result.append(try list.object(index)) }
        return result
    }

    /// The same for many objects: each is taken out of the list when it is read.
    func objectList(_ key: String) throws(GraphCodecError) -> StoredList {
        StoredList(elements: try list(key), place: pointer.appending(key), parsed: parsed)
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
            let text = try text(key)
            return try parsed?.expression(text) ?? CELExpression(text)
        } catch let error as GraphCodecError {
            throw error
        } catch {
            throw Self.error("is no expression: \(error)", at: pointer.appending(key))
        }
    }

    func template(_ key: String) throws(GraphCodecError) -> ValueTemplate {
        try template(try value(key), at: pointer.appending(key))
    }

    /// The object itself as a template.
    func template() throws(GraphCodecError) -> ValueTemplate {
        try template(.object(object), at: pointer)
    }

    /// The object with only these members, as a template.
    func template(of keys: [String]) throws(GraphCodecError) -> ValueTemplate {
        try template(.object(JSONObject(members: object.members.filter { keys.contains($0.key) })), at: pointer)
    }

    /// The object as it is.
    var json: JSONValue { .object(object) }

    func wrong(_ key: String) -> GraphCodecError {
        Self.error("has a value that does not fit", at: pointer.appending(key))
    }

    private func template(
        _ value: JSONValue,
        at pointer: @autoclosure () -> Place
    ) throws(GraphCodecError) -> ValueTemplate {
        do {
            return try ValueTemplate(value, parsed: parsed)
        } catch {
            throw Self.error("is no template: \(error.cause)", at: pointer())
        }
    }

    func list(_ key: String) throws(GraphCodecError) -> [JSONValue] {
        guard let list = try value(key).arrayValue else { throw wrong(key) }
        return list
    }
}

/// A list of objects in a stored graph.
struct StoredList {
    fileprivate let elements: [JSONValue]
    fileprivate let place: StoredObject.Place
    fileprivate let parsed: ParsedExpressions?

    var count: Int { elements.count }

    func object(_ index: Int) throws(GraphCodecError) -> StoredObject {
        try StoredObject(elements[index], in: place, at: index, parsed: parsed)
    }
}

/// Members that may be missing.
extension StoredObject {
    func optionalText(_ key: String) throws(GraphCodecError) -> String? { has(key) ? try text(key) : nil }

    func optionalInteger(_ key: String) throws(GraphCodecError) -> Int? { has(key) ? try integer(key) : nil }

    func optionalNumber(_ key: String) throws(GraphCodecError) -> Double? { has(key) ? try number(key) : nil }

    func optionalFlag(_ key: String) throws(GraphCodecError) -> Bool? { has(key) ? try flag(key) : nil }

    func optionalDuration(_ key: String) throws(GraphCodecError) -> Duration? { has(key) ? try duration(key) : nil }

    func optionalObject(_ key: String) throws(GraphCodecError) -> StoredObject? { has(key) ? try object(key) : nil }

    func optionalTemplate(_ key: String) throws(GraphCodecError) -> ValueTemplate? {
        has(key) ? try template(key) : nil
    }

    func optionalExpression(_ key: String) throws(GraphCodecError) -> CELExpression? {
        has(key) ? try expression(key) : nil
    }

    func optionalChoice<Choice: RawRepresentable<String>>(_ key: String) throws(GraphCodecError) -> Choice? {
        has(key) ? try choice(key) : nil
    }
}
