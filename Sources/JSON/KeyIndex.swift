// Baton
// SPDX-License-Identifier: Apache-2.0

/// Finds the position of a name in a large object: an open-addressing table of hashes and positions.
///
/// Hashes are seeded per process, so a document cannot be made to collide. Names stay in the members; callers compare.
struct KeyIndex: Sendable {
    /// Zero is free; else the upper half is the hash and the lower half is the position plus one. The size is zero or a
    /// power of two, at most half full.
    private var slots: [UInt64] = []
    private var used = 0 as UInt32
    /// What removed names had in the lower half, sorted; entries above stand for as many positions less.
    private var gaps: [UInt64] = []

    private static let gapLimit = 256

    /// Covers nothing.
    init() {}

    /// Covers all members; their names are unique.
    init(_ members: some Collection<JSONObject.Member>) {
        resize(to: 64)
        for (position, member) in members.enumerated() { add(member.key, at: position) }
    }

    /// Whether nothing is covered.
    var isEmpty: Bool { slots.isEmpty }

    /// The position of a name among those covered.
    func position(of key: String, isMatch: (Int) -> Bool) -> Int? {
        let hash = Self.hash(key)
        var slot = home(of: hash)
        while slots[slot] != 0 {
            if slots[slot] >> 32 == hash {
                let position = position(slots[slot])
                if isMatch(position) { return position }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Covers one more name, known to be new.
    mutating func add(_ key: String, at position: Int) {
        if Int(used) * 2 >= slots.count { resize(to: slots.count * 2) }
        place(Self.hash(key) << 32 | UInt64(position + gaps.count + 1))
        used += 1
    }

    /// Covers a name no more; all names behind it are one position lower from now on.
    mutating func remove(_ key: String, at position: Int) {
        var slot = home(of: Self.hash(key))
        while slots[slot] == 0 || self.position(slots[slot]) != position { slot = (slot + 1) & (slots.count - 1) }
        let removed = slots[slot] & 0xFFFF_FFFF
        close(slot)
        used -= 1
        gaps.insert(removed, at: gapCount(below: removed))
        if gaps.count > Self.gapLimit { fillGaps() }
    }

    /// Lowering all entries once for many removals keeps those cheap.
    private mutating func fillGaps() {
        for slot in slots.indices where slots[slot] != 0 {
            slots[slot] -= UInt64(gapCount(below: slots[slot] & 0xFFFF_FFFF))
        }
        gaps = []
    }

    private func gapCount(below entry: UInt64) -> Int {
        var low = 0
        var high = gaps.count
        while low < high {
            let middle = (low + high) / 2
            if gaps[middle] < entry { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The position that an entry stands for.
    private func position(_ entry: UInt64) -> Int {
        let stored = entry & 0xFFFF_FFFF
        return Int(stored) - 1 - (gaps.isEmpty ? 0 : gapCount(below: stored))
    }

    /// Frees a slot and moves those that would no longer be found into the gap.
    private mutating func close(_ start: Int) {
        let mask = slots.count - 1
        var gap = start
        var slot = (gap + 1) & mask
        while slots[slot] != 0 {
            let distance = (slot - home(of: slots[slot] >> 32)) & mask
            if distance >= (slot - gap) & mask {
                slots[gap] = slots[slot]
                gap = slot
            }
            slot = (slot + 1) & mask
        }
        slots[gap] = 0
    }

    private mutating func resize(to size: Int) {
        let old = slots
        slots = .init(repeating: 0, count: size)
        for entry in old where entry != 0 { place(entry) }
    }

    private mutating func place(_ entry: UInt64) {
        var slot = home(of: entry >> 32)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = entry
    }

    private func home(of hash: UInt64) -> Int { Int(hash) & (slots.count - 1) }

    private static func hash(_ key: String) -> UInt64 {
        var hasher = Hasher()
        key.hashBytes(into: &hasher)
        return UInt64(truncatingIfNeeded: hasher.finalize()) & 0xFFFF_FFFF
    }
}
