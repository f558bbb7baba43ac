// Baton
// SPDX-License-Identifier: Apache-2.0

/// The entries of one class by the priority with which they came, each lane in the order of arrival: the first of a
/// lane is the first that is old enough for the class above.
struct AgeingLanes {
    private struct Lane {
        let priority: Int
        var chain = SlotChains.Chain()
    }
    /// By priority. Most often there is one.
    private var lanes: [Lane] = []

    var count: Int { lanes.count }

    /// The first entry of a lane.
    subscript(lane: Int) -> Int32? {
        lanes[lane].chain.isEmpty ? nil : lanes[lane].chain.first
    }

    mutating func append(_ slot: Int32, priority: Int, _ chains: inout SlotChains) {
        let lane = position(of: priority)
        if lane == lanes.count || lanes[lane].priority != priority {
            lanes.insert(Lane(priority: priority), at: lane)
        }
        chains.append(slot, to: &lanes[lane].chain)
    }

    mutating func remove(_ slot: Int32, priority: Int, _ chains: inout SlotChains) {
        chains.remove(slot, from: &lanes[position(of: priority)].chain)
    }

    mutating func dropEmpty() {
        lanes.removeAll { $0.chain.isEmpty }
    }

    private func position(of priority: Int) -> Int {
        var (low, high) = (0, lanes.count)
        while low < high {
            let middle = (low + high) / 2
            if lanes[middle].priority < priority { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
