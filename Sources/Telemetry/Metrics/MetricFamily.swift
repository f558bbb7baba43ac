// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// All series of one name: an instrument for each set of label values. Use it from any thread.
///
/// Keep the instrument of a set that is used often: finding it takes a lock and a hash of the values.
public final class MetricFamily<Instrument: MetricInstrument>: Sendable {
    /// With the prefix `baton_`.
    public let name: String
    /// One sentence for people.
    public let help: String
    /// Names of the labels, in the order in which values are given.
    public let labels: [String]
    private let make: @Sendable () -> Instrument
    private let series: Mutex<[[String]: Instrument]>

    /// Sets of label values beyond this are counted in one, whose values are all `other`: whoever makes up names from
    /// outside cannot fill the memory.
    public static var seriesLimit: Int { 10_000 }

    init(_ name: String, _ help: String, _ labels: [String], _ make: @escaping @Sendable () -> Instrument) {
        (self.name, self.help, self.labels, self.make) = (name, help, labels, make)
        // Without labels there is one series, and it is there from the beginning.
        series = Mutex(labels.isEmpty ? [[]: make()] : [:])
    }

    /// The instrument of those values, one for each label; it is made with the first use.
    public subscript(_ values: String...) -> Instrument { instrument(values) }

    /// The same with a list.
    public func instrument(_ values: [String]) -> Instrument {
        precondition(values.count == labels.count, "\(name) has \(labels.count) labels")
        return series.withLock { series in
            if let known = series[values] { return known }
            let key = series.count < Self.seriesLimit ? values : labels.map { _ in "other" }
            if let known = series[key] { return known }
            let made = make()
            series[key] = made
            return made
        }
    }

    /// Forgets every series but those of `values`.
    func keep(_ values: Set<[String]>) {
        series.withLock { series in series = series.filter { values.contains($0.key) } }
    }

    /// Series by label values.
    var sorted: [(values: [String], instrument: Instrument)] {
        series.withLock { Array($0) }.map { ($0.key, $0.value) }.sorted {
            $0.values.lexicographicallyPrecedes($1.values)
        }
    }
}

/// What measures one series: a ``Counter``, a ``Gauge`` or a ``Histogram``.
public protocol MetricInstrument: Sendable {
    /// The word of the text format.
    static var type: String { get }
    /// What it shows now.
    var samples: [MetricSample] { get }
}

/// One line of the text format, without the name and the labels of the series.
public struct MetricSample: Sendable, Equatable {
    /// What follows the name of the family, such as `_bucket`.
    public var suffix = ""
    /// The upper bound of a bucket.
    public var bound: Double?
    /// The value.
    public var value: Double
}

extension MetricFamily where Instrument == Counter {
    /// Counts one more, or several.
    public func add(_ amount: Double = 1, _ values: String...) { instrument(values).add(amount) }
}

extension MetricFamily where Instrument == Gauge {
    /// Takes over all series at once; those that are not among `values` are gone.
    public func replace(_ values: [[String]: Double]) {
        for (labels, value) in values { instrument(labels).set(value) }
        keep(Set(values.keys))
    }
}

extension MetricFamily where Instrument == Histogram {
    /// Takes a value in.
    public func observe(_ value: Double, _ values: String...) { instrument(values).observe(value) }
}
