// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts up. Adding costs some nanoseconds and no lock.
public final class Counter: MetricInstrument {
    /// `counter`.
    public static var type: String { "counter" }
    private let bits = Atomic<UInt64>(0)

    /// Adds; what is negative or no number is left out, because a counter never falls.
    public func add(_ amount: Double = 1) {
        guard amount > 0, amount.isFinite else { return }
        bits.add(amount)
    }

    /// What was counted.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
    /// The count.
    public var samples: [MetricSample] { [MetricSample(value: value)] }
}

/// A value that rises and falls. Setting costs some nanoseconds and no lock.
public final class Gauge: MetricInstrument {
    /// `gauge`.
    public static var type: String { "gauge" }
    private let bits = Atomic<UInt64>(0)

    /// Takes a value over.
    public func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    /// Adds, or takes away.
    public func add(_ amount: Double) { bits.add(amount) }

    /// What it stands at.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
    /// The value.
    public var samples: [MetricSample] { [MetricSample(value: value)] }
}

extension Atomic<UInt64> {
    /// Adds to the double whose bits these are.
    fileprivate borrowing func add(_ amount: Double) {
        var old = load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, original) = weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }
}

/// Counts values by size. Observing costs some ten nanoseconds under a lock of its own.
public final class Histogram: MetricInstrument {
    /// `histogram`.
    public static var type: String { "histogram" }
    private struct State {
        var counts: [UInt64]
        var sum = 0.0
    }
    /// Upper bounds, rising; what is above all of them counts under `+Inf`.
    public let bounds: [Double]
    private let state: Mutex<State>

    init(_ bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// Takes a value in; what is no number is left out.
    public func observe(_ value: Double) {
        guard value.isFinite else { return }
        let position = position(of: value)
        state.withLock { state in
            state.counts[position] += 1
            state.sum += value
        }
    }

    /// Takes a span in, in seconds.
    public func observe(_ span: Duration) { observe(span.seconds) }

    private func position(of value: Double) -> Int {
        var (low, high) = (0, bounds.count)
        while low < high {
            let middle = (low + high) / 2
            if value <= bounds[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// `_bucket` for each bound and `+Inf`, then `_sum` and `_count`, all of one moment.
    public var samples: [MetricSample] {
        let state = state.withLock { $0 }
        var samples: [MetricSample] = []
        var total: UInt64 = 0
        for (bound, count) in zip(bounds + [.infinity], state.counts) {
            total += count
            samples.append(MetricSample(suffix: "_bucket", bound: bound, value: Double(total)))
        }
        samples.append(MetricSample(suffix: "_sum", value: state.sum))
        samples.append(MetricSample(suffix: "_count", value: Double(total)))
        return samples
    }
}

extension [Double] {
    /// Bounds for spans of a commit or a request: 100 µs to 10 s.
    public static var shortSpans: [Double] {
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
    }

    /// Bounds for spans of tasks and runs: 10 ms to a day.
    public static var longSpans: [Double] {
        [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 3600, 6 * 3600, 24 * 3600]
    }

    /// Bounds for numbers of things: 1 to 4096.
    public static var sizes: [Double] { [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096] }
}

extension Duration {
    /// As a number.
    public var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
