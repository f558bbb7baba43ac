// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Every metric of a process, and their text for Prometheus (spec 12.4).
///
/// Names are given without the prefix `baton_`. Asking for a family again gives the same one; asking for it with another
/// type or other labels is a mistake of the program and ends it.
public final class MetricsRegistry: Sendable {
    private struct State {
        var families: [String: any AnyFamily] = [:]
        var collectors: [@Sendable () -> Void] = []
    }
    private let state = Mutex(State())

    /// Without metrics.
    public init() {}

    /// A family of counters; the name ends in `_total`.
    public func counters(_ name: String, _ help: String, labels: [String] = []) -> MetricFamily<Counter> {
        precondition(name.hasSuffix("_total"), "the name of a counter ends in _total, not \(name)")
        return family(name, help, labels) { Counter() }
    }

    /// A family of gauges.
    public func gauges(_ name: String, _ help: String, labels: [String] = []) -> MetricFamily<Gauge> {
        family(name, help, labels) { Gauge() }
    }

    /// A family of histograms.
    ///
    /// - Parameter bounds: Upper bounds of the buckets, rising; `+Inf` is added.
    public func histograms(
        _ name: String,
        _ help: String,
        labels: [String] = [],
        bounds: [Double] = .shortSpans
    ) -> MetricFamily<Histogram> {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "the bounds of \(name) do not rise")
        return family(name, help, labels) { Histogram(bounds) }
    }

    /// Calls `body` before every text, to set what is only known when somebody asks. It may block as long as whoever asks
    /// may.
    public func beforeReading(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.collectors.append(body) }
    }

    /// All metrics as text, by name. Blocks as long as what is called before reading does.
    public func text(_ format: MetricsFormat = .prometheus) -> [UInt8] {
        for collect in state.withLock({ $0.collectors }) { collect() }
        var text = MetricsText(format)
        for (_, family) in state.withLock({ $0.families }).sorted(by: { $0.key < $1.key }) { family.write(to: &text) }
        return text.finish()
    }

    private func family<Instrument: MetricInstrument>(
        _ name: String,
        _ help: String,
        _ labels: [String],
        _ make: @escaping @Sendable () -> Instrument
    ) -> MetricFamily<Instrument> {
        let name = "baton_\(name)"
        precondition(name.utf8.allSatisfy(isNameByte), "\(name) is no name of a metric")
        precondition(labels.allSatisfy { $0.utf8.allSatisfy(isNameByte) && $0 != "le" }, "labels of \(name)")
        return state.withLock { state in
            if let known = state.families[name] {
                guard let family = known as? MetricFamily<Instrument>, family.labels == labels else {
                    preconditionFailure("\(name) is there already, with another type or other labels")
                }
                return family
            }
            let made = MetricFamily(name, help, labels, make)
            state.families[name] = made
            return made
        }
    }
}

private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
    default: false
    }
}

/// A family of whatever instruments.
protocol AnyFamily: Sendable {
    func write(to text: inout MetricsText)
}

extension MetricFamily: AnyFamily {
    func write(to text: inout MetricsText) {
        text.head(name, help, Instrument.type)
        for (values, instrument) in sorted {
            for sample in instrument.samples { text.line(name, sample, Array(zip(labels, values))) }
        }
    }
}
