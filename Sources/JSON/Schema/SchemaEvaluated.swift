// Baton
// SPDX-License-Identifier: Apache-2.0

/// Which parts of a value some schema has looked at; what `unevaluatedItems` and `unevaluatedProperties` leave alone.
struct SchemaEvaluated {
    private var hasAllItems = false
    private var itemCount = 0
    private var items = PositionSet()
    private var hasAllMembers = false
    private var members = PositionSet()

    mutating func addAllItems() { hasAllItems = true }
    mutating func addItems(upTo count: Int) { itemCount = max(itemCount, count) }
    mutating func addItem(_ position: Int) { items.insert(position) }
    mutating func addAllMembers() { hasAllMembers = true }
    mutating func addMember(_ position: Int) { members.insert(position) }

    func hasItem(_ position: Int) -> Bool { hasAllItems || position < itemCount || items.contains(position) }
    func hasMember(_ position: Int) -> Bool { hasAllMembers || members.contains(position) }

    mutating func formUnion(_ other: Self) {
        hasAllItems = hasAllItems || other.hasAllItems
        itemCount = max(itemCount, other.itemCount)
        items.formUnion(other.items)
        hasAllMembers = hasAllMembers || other.hasAllMembers
        members.formUnion(other.members)
    }
}

/// A set of positions; the first 64 cost no memory of their own.
private struct PositionSet {
    private var low = 0 as UInt64
    private var high: [UInt64] = []

    mutating func insert(_ position: Int) {
        guard position >= 64 else { return low |= 1 << UInt64(position) }
        let word = position / 64 - 1
        while high.count <= word { high.append(0) }
        high[word] |= 1 << UInt64(position % 64)
    }

    func contains(_ position: Int) -> Bool {
        if position < 64 { return low & (1 << UInt64(position)) != 0 }
        let word = position / 64 - 1
        return word < high.count && high[word] & (1 << UInt64(position % 64)) != 0
    }

    mutating func formUnion(_ other: Self) {
        low |= other.low
        while high.count < other.high.count { high.append(0) }
        for (index, word) in other.high.enumerated() { high[index] |= word }
    }
}
