// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

/// The schedules that a loop has in memory, and when it has to look at one.
struct ScheduleTable {
    /// Schedules fire by themselves; without that only what is asked of one moves it.
    var isDriven = false
    /// When they have to be read from the store, by the monotonic clock.
    var loadAt: Int64?
    /// Those that could not be moved; they look at everything again when the others are read.
    private(set) var stale: Set<ScheduleID> = []
    /// The time of the last turn; an earlier one means that the clock was set back.
    var lastTurn = Timestamp(milliseconds: 0)
    private var machines: [ScheduleID: ScheduleMachine] = [:]
    private var earliest: Timestamp?
    private var isEarliestKnown = true

    /// It could not be moved, and nothing is asked of it before the instant `loadAt`.
    mutating func setAside(_ id: ScheduleID, until instant: Int64) {
        guard machines[id] != nil else { return }
        stale.insert(id)
        loadAt = min(loadAt ?? .max, instant)
        isEarliestKnown = false
    }

    /// Takes out those that were set aside.
    mutating func takeStale() -> [ScheduleID] {
        defer { stale = [] }
        isEarliestKnown = false
        return stale.sorted()
    }

    subscript(_ id: ScheduleID) -> ScheduleMachine? {
        get { machines[id] }
        set {
            machines[id] = newValue
            isEarliestKnown = false
        }
    }

    var all: [ScheduleID] { machines.keys.sorted() }

    /// When the first one has to be woken.
    var nextWake: Timestamp? {
        mutating get {
            if !isEarliestKnown {
                earliest = machines.values.filter { !stale.contains($0.definition.id) }.compactMap(\.nextWake).min()
                isEarliestKnown = true
            }
            return earliest
        }
    }

    /// Those that have to be woken, the most urgent first.
    func due(at now: Timestamp) -> [ScheduleID] {
        machines.values.compactMap { machine in machine.nextWake.map { (at: $0, id: machine.definition.id) } }
            .filter { $0.at <= now && !stale.contains($0.id) }
            .sorted { ($0.at, $0.id) < ($1.at, $1.id) }
            .map(\.id)
    }

    /// Drops what is in memory: the store holds something else.
    mutating func forget() {
        machines = [:]
        stale = []
        earliest = nil
        isEarliestKnown = true
        if isDriven { loadAt = 0 }
    }
}
