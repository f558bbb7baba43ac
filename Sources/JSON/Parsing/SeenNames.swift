// Baton
// SPDX-License-Identifier: Apache-2.0

/// The names an object has had so far, for finding the second use of one.
struct SeenNames: ~Copyable {
    /// Where the object's members start on the stack.
    let start: Int
    /// One bit for each name, by its length and outer bytes; while no bit repeats, no name does.
    private var bits = 0 as UInt64
    private var index = KeyIndex()

    init(start: Int) { self.start = start }

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

    /// The index that an object of these members needs.
    @inline(__always)
    consuming func finalIndex() -> KeyIndex { index }
}
