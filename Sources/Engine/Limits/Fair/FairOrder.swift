// Baton
// SPDX-License-Identifier: Apache-2.0

/// Start-time fair queueing (Goyal, Vin, Cheng 1996): each member has the virtual time at which its next service
/// starts; the earliest is first, and being served moves it back by what it cost, divided by its weight.
///
/// A member that has nothing to do stays until its turn comes, so it gains nothing by leaving and coming back. New ones
/// start at the time of the last service: nobody saves up shares while away.
struct FairOrder {
    private struct Place {
        /// Wraps around; only differences count, and they stay far below half of the range.
        var start: UInt64
        /// Members alike in time come in the order in which they joined.
        let number: UInt64
        let member: Int

        func precedes(_ other: Place) -> Bool {
            let ahead = Int64(bitPattern: other.start &- start)
            return ahead > 0 || ahead == 0 && number < other.number
        }
    }
    /// A binary heap.
    private var places: [Place] = []
    private var virtualTime: UInt64 = 0
    private var joined: UInt64 = 0

    var count: Int { places.count }

    /// Whose turn it is.
    var first: Int? { places.first?.member }

    mutating func insert(_ member: Int) {
        joined += 1
        places.append(Place(start: virtualTime, number: joined, member: member))
        siftUp(places.count - 1)
    }

    /// The first member is being served: those that join from now on come after it.
    mutating func serve() {
        if let first = places.first { virtualTime = first.start }
    }

    /// The first member pays for its service.
    mutating func charge(cost: Int, weight: Int) {
        guard !places.isEmpty else { return }
        let units = UInt64(cost) << 20
        places[0].start &+= weight == 1 ? units : max(1, units / UInt64(weight))
        siftDown(0)
    }

    mutating func removeFirst() {
        guard let last = places.popLast(), !places.isEmpty else { return }
        places[0] = last
        siftDown(0)
    }

    /// Removes members, but never the first one, and gives those that it removed.
    mutating func removeAll(where isUnwanted: (Int) -> Bool) -> [Int] {
        guard let first = places.first else { return [] }
        let removed = places.dropFirst().map(\.member).filter(isUnwanted)
        places.removeAll { $0.number != first.number && isUnwanted($0.member) }
        for position in stride(from: places.count / 2 - 1, through: 0, by: -1) { siftDown(position) }
        return removed
    }

    private mutating func siftUp(_ position: Int) {
        var child = position
        while child > 0, places[child].precedes(places[(child - 1) / 2]) {
            places.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func siftDown(_ position: Int) {
        var parent = position
        while true {
            var best = parent
            let left = 2 * parent + 1
            if left < places.count, places[left].precedes(places[best]) { best = left }
            if left + 1 < places.count, places[left + 1].precedes(places[best]) { best = left + 1 }
            guard best != parent else { return }
            places.swapAt(parent, best)
            parent = best
        }
    }
}
