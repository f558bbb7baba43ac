// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What two documents differ in, by their parts: nodes by id, edges by their ends, everything else by its key.
public struct StructuralDifference: Sendable, Equatable {
    /// A part that is in only one of the documents, or differs.
    public struct Part: Sendable, Equatable {
        /// `nodes`, `edges`, another list of things with ids, or `document` for the rest.
        public var section: String
        /// The id of a node, `from -> to` of an edge, or the key.
        public var id: String
        /// What happened to it.
        public var change: Change
    }

    /// What happened to a part.
    public enum Change: Sendable, Equatable {
        /// It is only in the second document.
        case added(JSONValue)
        /// It is only in the first document.
        case removed(JSONValue)
        /// It is in both; the fields that differ.
        case changed([Field])
        /// It is in both, and its place in the list is another.
        case moved(from: Int, to: Int)
    }

    /// A value inside a part that differs.
    public struct Field: Sendable, Equatable {
        /// Where it is inside the part, as a JSON Pointer.
        public var path: String
        /// What it was; `nil` when it was not there.
        public var old: JSONValue?
        /// What it is; `nil` when it is not there.
        public var new: JSONValue?
    }

    /// The parts that differ: keys of the document first, then its lists in their order.
    public private(set) var parts: [Part] = []

    /// Compares two documents.
    public init(from old: JSONValue, to new: JSONValue) {
        let (old, new) = (old.objectValue ?? [:], new.objectValue ?? [:])
        var lists: [(String, KeyedList, KeyedList)] = []
        for key in old.keys + new.keys.filter({ old[$0] == nil }) where old[key] != new[key] {
            if let before = KeyedList(old[key], key), let after = KeyedList(new[key], key) {
                lists.append((key, before, after))
            } else {
                add(key, old[key], new[key], to: "document")
            }
        }
        for (section, before, after) in lists { compare(section, before, after) }
    }

    private mutating func add(_ id: String, _ old: JSONValue?, _ new: JSONValue?, to section: String) {
        let change: Change? =
            switch (old, new) {
            case (nil, let new?): .added(new)
            case (let old?, nil): .removed(old)
            case (let old?, let new?): old == new ? nil : .changed(Self.fields(old, new, .root))
            case (nil, nil): nil
            }
        if let change { parts.append(Part(section: section, id: id, change: change)) }
    }

    private mutating func compare(_ section: String, _ old: KeyedList, _ new: KeyedList) {
        for key in old.keys where new.items[key] == nil { add(key, old.items[key], nil, to: section) }
        for key in new.keys { add(key, old.items[key], new.items[key], to: section) }
        // Only what is in both has a place to compare: its rank among those.
        let (before, after) = (old.keys.filter { new.items[$0] != nil }, new.keys.filter { old.items[$0] != nil })
        guard before != after else { return }
        let ranks = Dictionary(uniqueKeysWithValues: zip(before, 0...))
        for (rank, key) in after.enumerated() {
            guard let place = ranks[key], place != rank else { continue }
            parts.append(Part(section: section, id: key, change: .moved(from: place, to: rank)))
        }
    }

    /// Values that differ, as deep as objects go; lists are compared element by element when they are equally long.
    private static func fields(_ old: JSONValue, _ new: JSONValue, _ path: JSONPointer) -> [Field] {
        if let before = old.objectValue, let after = new.objectValue {
            return (before.keys + after.keys.filter { before[$0] == nil }).flatMap { key in
                fields(before[key], after[key], path.appending(key))
            }
        }
        if let before = old.arrayValue, let after = new.arrayValue, before.count == after.count {
            return before.indices.flatMap { fields(before[$0], after[$0], path.appending($0)) }
        }
        return fields(Optional(old), Optional(new), path, isLeaf: true)
    }

    private static func fields(
        _ old: JSONValue?,
        _ new: JSONValue?,
        _ path: JSONPointer,
        isLeaf: Bool = false
    ) -> [Field] {
        if old == new { return [] }
        if !isLeaf, let old, let new { return fields(old, new, path) }
        return [Field(path: path.description, old: old, new: new)]
    }
}

/// A list whose elements have names: an `id` each, or the ends of an edge.
private struct KeyedList {
    private(set) var keys: [String] = []
    private(set) var items: [String: JSONValue] = [:]

    /// `nil` when it is no such list; what is not there is an empty one.
    init?(_ value: JSONValue?, _ section: String) {
        guard let elements = value.map({ $0.arrayValue }) ?? [] else { return nil }
        guard value != nil || Self.sections.contains(section) else { return nil }
        for element in elements {
            guard let key = section == "edges" ? Self.ends(element) : element["id"]?.stringValue else { return nil }
            add(element, key, isRepeatable: section == "edges")
        }
        guard keys.count == elements.count else { return nil }
    }

    /// Edges may be doubled; the second one of the same ends is `a -> b (2)`.
    private mutating func add(_ element: JSONValue, _ key: String, isRepeatable: Bool) {
        var name = key
        var number = 1
        while isRepeatable, items[name] != nil {
            number += 1
            name = "\(key) (\(number))"
        }
        guard items[name] == nil else { return }
        keys.append(name)
        items[name] = element
    }

    private static let sections: Set<String> = ["nodes", "edges", "phases", "tasks", "requirements"]

    private static func ends(_ edge: JSONValue) -> String? {
        guard let from = edge["from"]?.stringValue, let to = edge["to"]?.stringValue else { return nil }
        return "\(from) -> \(to)"
    }
}
