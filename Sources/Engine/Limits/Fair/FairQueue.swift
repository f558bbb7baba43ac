// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Store

/// What waits for its turn, best first: five strict classes cut from the priority, in a class fair shares for tenants
/// and, within a tenant, for its projects, and first come, first served within a project.
///
/// Each ``step`` waited is worth one step of priority, so an entry moves up to the next class when it has waited long
/// enough to cross the border. Adding and taking cost the logarithm of the number of tenants and projects, however many
/// entries there are. The order follows from the calls alone; there is no chance in it.
///
/// Entries may be stale: whoever takes one asks whether it is still wanted. Times are milliseconds of one clock that
/// never goes back.
struct FairQueue {
    /// What names an entry while it is in the queue.
    struct Ticket: Hashable {
        fileprivate let slot: Int32
        fileprivate let number: UInt64
    }

    private struct Entry {
        let key: TaskKey
        /// Since when it waits.
        let since: Int64
        /// 0 when the slot is free.
        var number: UInt64
        /// What it takes from its share.
        let cost: Int32
        var flow: Int32 = 0
        /// 0–1000, as it was given.
        let priority: Int16
        /// Its priority when it came to its class.
        var lane: Int16 = 0
        /// Its class.
        var level: Int8 = 0
    }

    /// How long one step of priority takes, in milliseconds.
    static let step: Int64 = 10_000
    /// The most entries that move up in one call, so that none takes long.
    private static let moveLimit = 64
    /// The lowest priority number of each class: critical, high, normal, low, bulk.
    private static let borders = [0, 10, 50, 150, 500]

    private var entries: [Entry] = []
    private var free: [Int32] = []
    private var byFlow = SlotChains()
    private var byAge = SlotChains()
    private var classes = [FairClass](repeating: FairClass(), count: borders.count)
    private var lastNumber: UInt64 = 0
    /// Before that no entry is old enough to move up.
    private var nextMoveAt = Int64.max
    /// What the entry that was taken last costs, until it is charged.
    private var uncharged: (level: Int, cost: Int)?
    private var weights: FairWeights

    init(weights: FairWeights = FairWeights()) {
        self.weights = weights
    }

    var count: Int { classes.reduce(0) { $0 + $1.count } }
    var isEmpty: Bool { classes.allSatisfy { $0.count == 0 } }
    /// Tenants' projects that are remembered, in all classes.
    var flowCount: Int { classes.reduce(0) { $0 + $1.flowCount } }

    /// The tasks in the queue, in no particular order.
    var keys: [TaskKey] { entries.lazy.filter { $0.number > 0 }.map(\.key) }

    mutating func setWeights(_ weights: FairWeights) {
        self.weights = weights
        for level in classes.indices { classes[level].apply(weights) }
    }

    /// Adds an entry.
    ///
    /// - Parameters:
    ///   - priority: 0–1000; lower comes first.
    ///   - cost: What it takes from its share, at least 1.
    ///   - since: Since when it waits, if that is not now.
    @discardableResult
    mutating func push(
        _ key: TaskKey,
        priority: Int,
        flow: FairKey = .common,
        cost: Int = 1,
        since: Int64? = nil,
        at now: Int64
    ) -> Ticket {
        lastNumber += 1
        var entry = Entry(
            key: key,
            since: since ?? now,
            number: lastNumber,
            cost: Int32(min(max(cost, 1), 1_000_000)),
            priority: Int16(min(max(priority, 0), 1000))
        )
        let slot = free.popLast() ?? Int32(entries.count)
        if Int(slot) == entries.count { entries.append(entry) }
        enter(slot, &entry, flow, now)
        return Ticket(slot: slot, number: lastNumber)
    }

    /// The entry that ``take(at:)`` would take.
    mutating func first(at now: Int64) -> TaskKey? {
        uncharged = nil
        if now >= nextMoveAt { moveUp(at: now) }
        for level in classes.indices where classes[level].count > 0 {
            if let slot = classes[level].first() { return entries[Int(slot)].key }
        }
        return nil
    }

    /// Takes out the entry whose turn it is. Call ``charge()`` right after when it is used; one that is not wanted any
    /// more costs its tenant nothing.
    mutating func take(at now: Int64) -> TaskKey? {
        uncharged = nil
        if now >= nextMoveAt { moveUp(at: now) }
        for level in classes.indices where classes[level].count > 0 {
            guard let slot = classes[level].take(byFlow) else { continue }
            let entry = entries[Int(slot)]
            leaveLane(slot, entry)
            release(slot)
            uncharged = (level, Int(entry.cost))
            return entry.key
        }
        return nil
    }

    /// The entry that was taken last is used.
    mutating func charge() {
        guard let (level, cost) = uncharged else { return }
        uncharged = nil
        classes[level].charge(cost)
    }

    /// Takes an entry out before its turn; `false` when it has left before.
    @discardableResult
    mutating func remove(_ ticket: Ticket) -> Bool {
        guard holds(ticket) else { return false }
        let entry = entries[Int(ticket.slot)]
        classes[Int(entry.level)].remove(ticket.slot, from: Int(entry.flow), &byFlow)
        leaveLane(ticket.slot, entry)
        release(ticket.slot)
        return true
    }

    /// The class that an entry is in, 0 to 4; `nil` when it has left.
    func level(of ticket: Ticket) -> Int? {
        holds(ticket) ? Int(entries[Int(ticket.slot)].level) : nil
    }

    /// How many entries would be taken before it if nothing else came; `nil` when it has left, `limit` when there are
    /// as many or more. Takes time for each of them.
    func position(of ticket: Ticket, limit: Int) -> Int? {
        guard let level = level(of: ticket) else { return nil }
        var position = 0
        for var level in classes[...level] {
            while position < limit, let slot = level.take(byFlow) {
                if slot == ticket.slot { return position }
                level.charge(Int(entries[Int(slot)].cost))
                position += 1
            }
        }
        return limit
    }

    // MARK: Slots

    private func holds(_ ticket: Ticket) -> Bool {
        entries.indices.contains(Int(ticket.slot)) && entries[Int(ticket.slot)].number == ticket.number
    }

    private mutating func release(_ slot: Int32) {
        entries[Int(slot)].number = 0
        free.append(slot)
        // What a large backlog took is given back once it is gone. No ticket of before fits a later entry.
        guard entries.count > 1 << 16, free.count == entries.count else { return }
        (entries, free) = ([], [])
        byFlow.removeAll()
        byAge.removeAll()
    }

    // MARK: Classes

    /// 0 critical, 1 high, 2 normal, 3 low, 4 bulk.
    static func priorityClass(_ priority: Int) -> Int {
        switch priority {
        case ..<10: 0
        case ..<50: 1
        case ..<150: 2
        case ..<500: 3
        default: 4
        }
    }

    /// Puts an entry into the class that its age gives it.
    private mutating func enter(_ slot: Int32, _ entry: inout Entry, _ key: FairKey, _ now: Int64) {
        let lane = max(0, Int(entry.priority) - Int((now - entry.since) / Self.step))
        let level = Self.priorityClass(lane)
        let flow = classes[level].flow(for: key, weights)
        (entry.lane, entry.level, entry.flow) = (Int16(lane), Int8(level), Int32(flow))
        entries[Int(slot)] = entry
        classes[level].append(slot, to: flow, &byFlow)
        guard level > 0 else { return }
        classes[level].lanes.append(slot, priority: lane, &byAge)
        nextMoveAt = min(nextMoveAt, moveTime(entry))
    }

    private mutating func leaveLane(_ slot: Int32, _ entry: Entry) {
        if entry.level > 0 { classes[Int(entry.level)].lanes.remove(slot, priority: Int(entry.lane), &byAge) }
    }

    /// When an entry has waited long enough for the class above.
    private func moveTime(_ entry: Entry) -> Int64 {
        entry.since + Int64(Int(entry.priority) - Self.borders[Int(entry.level)] + 1) * Self.step
    }

    /// Moves entries to the class that their age gives them. In a lane all became old in the order in which they came,
    /// but for those that had waited before; these may be late by less than a step.
    private mutating func moveUp(at now: Int64) {
        var moves = 0
        nextMoveAt = .max
        for level in 1..<classes.count {
            classes[level].lanes.dropEmpty()
            for lane in 0..<classes[level].lanes.count {
                while let slot = classes[level].lanes[lane] {
                    var entry = entries[Int(slot)]
                    let time = moveTime(entry)
                    guard time <= now, moves < Self.moveLimit else {
                        nextMoveAt = min(nextMoveAt, time)
                        break
                    }
                    moves += 1
                    let key = classes[level].key(of: Int(entry.flow))
                    classes[level].remove(slot, from: Int(entry.flow), &byFlow)
                    leaveLane(slot, entry)
                    enter(slot, &entry, key, now)
                }
            }
        }
    }
}
