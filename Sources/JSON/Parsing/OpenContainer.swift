// Baton
// SPDX-License-Identifier: Apache-2.0

/// An array or object whose end is not yet read, with what finds the second use of a name.
struct OpenContainer {
    enum Kind { case none, array, object }

    /// Outside of all containers.
    static let none = OpenContainer(.none, start: 0)

    let kind: Kind
    /// Where the elements or members start on their stack.
    let start: Int
    /// One bit for each name, by its length and outer bytes; while no bit repeats, no name does.
    private var bits = 0 as UInt64
    /// Covers the names from the first one on that is too many for a linear search.
    private(set) var index = KeyIndex()
    /// A name was given twice, which is allowed; the index is of no use then.
    var hasDuplicates = false

    init(_ kind: Kind, start: Int) {
        self.kind = kind
        self.start = start
    }

    /// Adds up what tells most names of one object apart.
    @inline(__always)
    static func mix(size: Int, first: UInt8, last: UInt8) -> Int { size &* 7 &+ Int(first) &* 5 &+ Int(last) }

    /// Whether the name differs from those of all members so far; they are the ones asked about before.
    @inline(__always)
    mutating func isNew(_ key: String, mix: Int, among members: UnsafeBufferPointer<JSONObject.Member>) -> Bool {
        guard members.count < JSONObject.linearLimit else { return isNew(key, amongMany: members) }
        let bit = (1 as UInt64) << UInt64(mix & 63)
        defer { bits |= bit }
        return bits & bit == 0 || !members.contains { $0.key.hasSameBytes(as: key) }
    }

    @inline(never)
    private mutating func isNew(_ key: String, amongMany members: UnsafeBufferPointer<JSONObject.Member>) -> Bool {
        if index.isEmpty { index = KeyIndex(members) }
        guard index.position(of: key, isMatch: { members[$0].key.hasSameBytes(as: key) }) == nil else { return false }
        index.add(key, at: members.count)
        return true
    }
}
