// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

/// Keeps retries to a share of first attempts, per run and per queue, so that an outage does not become a storm.
///
/// Within a window a key may have as many retries as ``percent`` of its first attempts in that window, or ``floor``, if
/// that is more. The window moves in sixteenths. A retry that does not fit is late, never lost. Times are milliseconds
/// of one clock that never goes back.
struct RetryBudget {
    enum Key: Hashable {
        case run(Int64)
        case queue(String)
    }

    private struct Window {
        /// The number of the newest sixteenth.
        var slot: Int64
        var firsts = SIMD16<UInt32>(repeating: 0)
        var retries = SIMD16<UInt32>(repeating: 0)

        /// Forgets what is older than a window.
        mutating func advance(to now: Int64) {
            guard now > slot else { return }
            if now - slot >= 16 {
                (firsts, retries) = (SIMD16(repeating: 0), SIMD16(repeating: 0))
            } else {
                for old in slot + 1...now { (firsts[Self.index(old)], retries[Self.index(old)]) = (0, 0) }
            }
            slot = now
        }

        static func index(_ slot: Int64) -> Int { Int(slot & 15) }
    }

    let percent: Int
    let floor: Int
    private let slotLength: Int64
    private var windows: [Key: Window] = [:]
    private var sweepAt = 1024

    /// - Parameters:
    ///   - percent: Retries per 100 first attempts.
    ///   - floor: Retries in a window that always fit, at least 1.
    ///   - window: At least 16 ms.
    init(percent: Int = 20, floor: Int = 10, window: Duration = .seconds(60)) {
        self.percent = max(percent, 0)
        self.floor = max(floor, 1)
        slotLength = max(window.milliseconds / 16, 1)
    }

    /// Keys that had an attempt in the last window, and some that had none.
    var count: Int { windows.count }

    /// A task starts its first attempt.
    mutating func first(_ keys: [Key], at now: Int64) {
        for key in keys { note(key, now) { $0.firsts[Window.index($0.slot)] &+= 1 } }
    }

    /// A task wants to start another attempt. `nil`: it may, and is counted. Otherwise it may not before the time given,
    /// the earliest at which a retry could fit all keys if nothing else happened.
    mutating func retry(_ keys: [Key], at now: Int64) -> Int64? {
        if let wait = blocked(keys, at: now) { return wait }
        for key in keys { note(key, now) { $0.retries[Window.index($0.slot)] &+= 1 } }
        return nil
    }

    /// What ``retry(_:at:)`` would say; counts nothing.
    func blocked(_ keys: [Key], at now: Int64) -> Int64? {
        keys.compactMap { blockedUntil($0, now) }.max()
    }

    /// A run ended.
    mutating func forget(_ key: Key) {
        windows[key] = nil
    }

    /// When a retry fits; `nil` for now.
    private func blockedUntil(_ key: Key, _ now: Int64) -> Int64? {
        guard var window = windows[key] else { return nil }
        let slot = now / slotLength
        window.advance(to: slot)
        guard !hasRoom(window) else { return nil }
        for later in slot + 1...slot + 16 {
            window.advance(to: later)
            if hasRoom(window) { return later * slotLength }
        }
        return (slot + 16) * slotLength
    }

    private func hasRoom(_ window: Window) -> Bool {
        let (firsts, retries) = (Int(window.firsts.wrappedSum()), Int(window.retries.wrappedSum()))
        return retries < max(floor, firsts * percent / 100)
    }

    private mutating func note(_ key: Key, _ now: Int64, _ change: (inout Window) -> Void) {
        let slot = now / slotLength
        if windows.count >= sweepAt, windows[key] == nil {
            windows = windows.filter { slot - $0.value.slot < 16 }
            sweepAt = max(1024, 2 * windows.count)
        }
        func touch(_ window: inout Window) {
            window.advance(to: slot)
            change(&window)
        }
        touch(&windows[key, default: Window(slot: slot)])
    }
}
