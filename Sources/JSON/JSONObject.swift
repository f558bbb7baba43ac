// Baton
// SPDX-License-Identifier: Apache-2.0

/// The members of a JSON object: unique names in the order they were added.
///
/// Names are compared scalar by scalar. Looking up a name is a linear search in small objects and uses a hash index in
/// large ones; removing a member costs time in proportion to the size.
public struct JSONObject: Sendable {
    /// One member of an object.
    public struct Member: Sendable {
        /// The name.
        public var key: String
        /// The value.
        public var value: JSONValue

        /// Puts a name and a value together.
        public init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// The largest object that is searched without an index.
    static let linearLimit = 16

    /// The members, in order.
    public private(set) var members: [Member]

    /// Covers all members when there are more than ``linearLimit``, none otherwise.
    private var index: KeyIndex

    /// An object without members.
    public init() {
        members = []
        index = KeyIndex()
    }

    /// An object without members that has room for some.
    public init(capacity: Int) {
        self.init()
        if capacity > 0 { members.reserveCapacity(capacity) }
    }

    /// An object of these members; of a name given twice the last value counts, at the place of the first.
    public init(members: [Member]) {
        self.init(capacity: members.count)
        for member in members { self[member.key] = member.value }
    }

    /// Takes over members known to be unique with their index, which covers all of them or is empty as the size demands.
    init(uniqueMembers: [Member], index: KeyIndex) {
        members = uniqueMembers
        self.index = index
    }

    /// The number of members.
    public var count: Int { members.count }

    /// Whether there are no members.
    public var isEmpty: Bool { members.isEmpty }

    /// The names, in order.
    public var keys: [String] { members.map(\.key) }

    /// The value of a name. Setting a new name adds it at the end; setting `nil` removes the member.
    public subscript(key: String) -> JSONValue? {
        get { position(of: key).map { members[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil): remove(at: position)
            case (nil, let value?): append(key, value)
            case (nil, nil): break
            }
        }
    }

    /// Whether there is a member of this name.
    public func contains(_ key: String) -> Bool { position(of: key) != nil }

    /// Adds a member at the end without looking for its name.
    ///
    /// The caller knows that the name is new; a name added twice would be written twice.
    public mutating func append(_ key: String, _ value: JSONValue) {
        members.append(Member(key: key, value: value))
        if members.count > Self.linearLimit { extendIndex() }
    }

    /// Changes the value of a name in place; `false` when there is no such member.
    mutating func update<Failure: Error>(
        _ key: String,
        _ change: (inout JSONValue) throws(Failure) -> Void
    ) throws(Failure) -> Bool {
        guard let position = position(of: key) else { return false }
        try change(&members[position].value)
        return true
    }

    /// Removes a member; `false` when there is none of this name.
    mutating func remove(_ key: String) -> Bool {
        guard let position = position(of: key) else { return false }
        remove(at: position)
        return true
    }

    private func position(of key: String) -> Int? {
        guard index.isEmpty else { return index.position(of: key) { members[$0].key.hasSameBytes(as: key) } }
        var start = 0
        while let position = firstEquivalent(to: key, from: start) {
            if key.isASCII || members[position].key.hasSameBytes(asEquivalent: key) { return position }
            start = position + 1
        }
        return nil
    }

    /// Texts that are not even equivalent differ, and for short ones that is a comparison of two words. Nothing else
    /// is called in the loop, so that no member is copied or retained.
    private func firstEquivalent(to key: String, from start: Int) -> Int? {
        let size = key.utf8.count
        for position in start..<members.count
        where members[position].key.utf8.count == size && members[position].key == key {
            return position
        }
        return nil
    }

    private mutating func extendIndex() {
        if index.isEmpty {
            index = KeyIndex(members)
        } else {
            index.add(members[members.count - 1].key, at: members.count - 1)
        }
    }

    private mutating func remove(at position: Int) {
        let member = members.remove(at: position)
        if members.count > Self.linearLimit {
            index.remove(member.key, at: position)
        } else {
            index = KeyIndex()
        }
    }
}

extension JSONObject: Sequence {
    /// Visits the members in order.
    public func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }

    /// The number of members.
    public var underestimatedCount: Int { members.count }
}

extension JSONObject: Equatable {
    /// Whether both have the same names with equal values, in any order.
    public static func == (left: Self, right: Self) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }
}

extension JSONObject: Hashable {
    /// Does not depend on the order of the members.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members {
            var inner = Hasher()
            member.key.hashBytes(into: &inner)
            inner.combine(member.value)
            sum &+= inner.finalize()
        }
        hasher.combine(members.count)
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object; of a name given twice the last value counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(capacity: elements.count)
        for (key, value) in elements { self[key] = value }
    }
}
