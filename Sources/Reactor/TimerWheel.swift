// Baton
// SPDX-License-Identifier: Apache-2.0

/// Where an element is in a wheel, and what it waits for.
public struct TimerPlace: Sendable {
    fileprivate(set) var deadline: Int64 = .max
    /// When the wheel looks at it; -1 when it is not in a wheel.
    fileprivate var tick: Int64 = -1
    fileprivate var index = 0

    /// Not in any wheel.
    public init() {}

    /// It is in a wheel.
    var isSet: Bool { tick >= 0 }
}

/// Deadlines of many elements: setting, moving and removing one takes constant time.
///
/// Coarse: an element is due up to one tick late, never early. A deadline that moves further away costs nothing until
/// the old one has come.
struct TimerWheel {
    /// Milliseconds of one slot.
    static let tick: Int64 = 64
    private static let slotCount: Int64 = 512

    private var slots: [[any Deadlined]] = Array(repeating: [], count: Int(slotCount))
    /// Everything up to this tick was looked at.
    private var position: Int64
    private(set) var count = 0

    init(now: Int64) {
        position = now / Self.tick
    }

    /// Sets, moves or (with `Int64.max`) takes back the deadline of an element.
    mutating func set(_ deadline: Int64, of element: any Deadlined) {
        let place = element.timerPlace
        // Looked at before that anyway, and then it is moved.
        if place.isSet, deadline == .max || Self.tick(of: deadline) >= place.tick {
            element.timerPlace.deadline = deadline
            return
        }
        guard deadline != .max else { return }
        remove(element)
        insert(element, deadline, after: position)
    }

    /// The element is not told any more, and let go.
    mutating func remove(_ element: any Deadlined) {
        let place = element.timerPlace
        guard place.isSet else { return }
        let slot = Int(place.tick % Self.slotCount)
        let last = slots[slot].removeLast()
        if last !== element {
            slots[slot][place.index] = last
            last.timerPlace.index = place.index
        }
        element.timerPlace = TimerPlace()
        count -= 1
    }

    /// Takes out what is due.
    mutating func due(at now: Int64) -> [any Deadlined] {
        let target = now / Self.tick
        guard count > 0 else {
            position = max(position, target)
            return []
        }
        var found: [any Deadlined] = []
        // One round is enough to see every slot.
        var next = max(position + 1, target - Self.slotCount + 1)
        while next <= target {
            let slot = Int(next % Self.slotCount)
            if !slots[slot].isEmpty { empty(slot, now, target, &found) }
            next += 1
        }
        position = max(position, target)
        return found
    }

    /// Milliseconds until something may be due; `nil` with nothing in the wheel.
    func delay(from now: Int64) -> Int64? {
        guard count > 0 else { return nil }
        for step in 1...Self.slotCount where !slots[Int((position + step) % Self.slotCount)].isEmpty {
            return max(1, (position + step) * Self.tick - now)
        }
        return nil
    }

    private mutating func empty(_ slot: Int, _ now: Int64, _ target: Int64, _ found: inout [any Deadlined]) {
        let elements = slots[slot]
        slots[slot] = []
        count -= elements.count
        for element in elements {
            let deadline = element.timerPlace.deadline
            element.timerPlace = TimerPlace()
            if deadline <= now {
                found.append(element)
            } else if deadline != .max {
                insert(element, deadline, after: target)
            }
        }
    }

    private mutating func insert(_ element: any Deadlined, _ deadline: Int64, after floor: Int64) {
        // What is further away than one round is looked at once a round.
        let tick = min(max(Self.tick(of: deadline), floor + 1), floor + Self.slotCount - 1)
        let slot = Int(tick % Self.slotCount)
        element.timerPlace.deadline = deadline
        element.timerPlace.tick = tick
        element.timerPlace.index = slots[slot].count
        slots[slot].append(element)
        count += 1
    }

    /// The first tick that begins at or after a time.
    private static func tick(of time: Int64) -> Int64 {
        time / tick + (time % tick == 0 ? 0 : 1)
    }
}
