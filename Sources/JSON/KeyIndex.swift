// Baton
// SPDX-License-Identifier: Apache-2.0

/// Finds the position of a name in a large object: an open-addressing table of hashes and positions.
///
/// Hashes are seeded per process, so a document cannot be made to collide. Names stay in the members; callers compare.
struct KeyIndex: Sendable {
    /// Empty, or a head, the slots and the gaps. One array, so that an object without index is two words.
    ///
    /// Half of the head is the number of slots, a power of two; the lower half is how many are used, at most half of
    /// them. A slot of zero is free; else the upper half is the hash and the lower half is the position plus one. Gaps
    /// are what removed names had in the lower half, sorted; entries above stand for as many positions less.
    private var table: [UInt64] = []

    private static let gapLimit = 256

    /// Covers nothing.
    init() {}

    /// Covers all members; their names are unique.
    init(_ members: some Collection<JSONObject.Member>) {
        resize(to: 64)
        for (position, member) in members.enumerated() { add(member.key, at: position) }
    }

    /// Whether nothing is covered.
    var isEmpty: Bool { table.isEmpty }

    private var slotCount: Int { table.isEmpty ? 0 : Int(table[0] >> 32) }
    private var used: Int { Int(table[0] & 0xFFFF_FFFF) }
    private var slots: Range<Int> { 1..<1 + slotCount }
    private var gaps: Range<Int> { min(1 + slotCount, table.count)..<table.count }

    /// The position of a name among those covered.
    func position(of key: String, isMatch: (Int) -> Bool) -> Int? {
        let hash = Self.hash(key)
        var slot = home(of: hash)
        while table[slot] != 0 {
            if table[slot] >> 32 == hash {
                let position = position(table[slot])
                if isMatch(position) { return position }
            }
            slot = next(slot)
        }
        return nil
    }

    /// Covers one more name, known to be new.
    mutating func add(_ key: String, at position: Int) {
        if used * 2 >= slotCount { resize(to: slotCount * 2) }
        place(Self.hash(key) << 32 | UInt64(position + gaps.count + 1))
        table[0] += 1
    }

    /// Covers a name no more; all names behind it are one position lower from now on.
    mutating func remove(_ key: String, at position: Int) {
        var slot = home(of: Self.hash(key))
        while table[slot] == 0 || self.position(table[slot]) != position { slot = next(slot) }
        let removed = table[slot] & 0xFFFF_FFFF
        close(slot)
        table[0] -= 1
        table.insert(removed, at: gaps.lowerBound + gapCount(below: removed))
        if gaps.count > Self.gapLimit { fillGaps() }
    }

    /// Lowering all entries once for many removals keeps those cheap.
    private mutating func fillGaps() {
        for slot in slots where table[slot] != 0 {
            table[slot] -= UInt64(gapCount(below: table[slot] & 0xFFFF_FFFF))
        }
        table.removeLast(gaps.count)
    }

    private func gapCount(below entry: UInt64) -> Int {
        var low = gaps.lowerBound
        var high = gaps.upperBound
        while low < high {
            let middle = (low + high) / 2
            if table[middle] < entry { low = middle + 1 } else { high = middle }
        }
        return low - gaps.lowerBound
    }

    /// The position that an entry stands for.
    private func position(_ entry: UInt64) -> Int {
        let stored = entry & 0xFFFF_FFFF
        return Int(stored) - 1 - (gaps.isEmpty ? 0 : gapCount(below: stored))
    }

    /// Frees a slot and moves those that would no longer be found into the gap.
    private mutating func close(_ start: Int) {
        let mask = slotCount - 1
        var gap = start
        var slot = next(gap)
        while table[slot] != 0 {
            let distance = (slot - home(of: table[slot] >> 32)) & mask
            if distance >= (slot - gap) & mask {
                table[gap] = table[slot]
                gap = slot
            }
            slot = next(slot)
        }
        table[gap] = 0
    }

    private mutating func resize(to size: Int) {
        let (old, oldSlots, oldGaps) = (table, slots, gaps)
        table = .init(repeating: 0, count: 1 + size)
        table[0] = UInt64(size) << 32
        for slot in oldSlots where old[slot] != 0 {
            place(old[slot])
            table[0] += 1
        }
        table += old[oldGaps]
    }

    private mutating func place(_ entry: UInt64) {
        var slot = home(of: entry >> 32)
        while table[slot] != 0 { slot = next(slot) }
        table[slot] = entry
    }

    private func home(of hash: UInt64) -> Int { 1 + Int(hash) & (slotCount - 1) }

    /// The slot behind a slot; the first one behind the last.
    private func next(_ slot: Int) -> Int { 1 + slot & (slotCount - 1) }

    private static func hash(_ key: String) -> UInt64 {
        var hasher = Hasher()
        key.hashBytes(into: &hasher)
        return UInt64(truncatingIfNeeded: hasher.finalize()) & 0xFFFF_FFFF
    }
}
