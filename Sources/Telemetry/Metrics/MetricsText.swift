// Baton
// SPDX-License-Identifier: Apache-2.0

/// How metrics are written.
public enum MetricsFormat: Sendable, Equatable {
    /// The text format of Prometheus, 0.0.4.
    case prometheus
    /// OpenMetrics 1.0.
    case openMetrics

    /// OpenMetrics if the header `Accept` of a request asks for it.
    public init(accept: String?) {
        self = accept?.contains("application/openmetrics-text") == true ? .openMetrics : .prometheus
    }

    /// For the header `Content-Type`.
    public var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}

/// Writes metrics.
struct MetricsText {
    private let format: MetricsFormat
    private var bytes: [UInt8] = []

    init(_ format: MetricsFormat) {
        self.format = format
        bytes.reserveCapacity(16384)
    }

    /// What stands above the lines of a family.
    mutating func head(_ name: String, _ help: String, _ type: String) {
        // OpenMetrics names a family of counters without what its lines end in.
        let isCut = format == .openMetrics && type == "counter"
        let name = isCut ? String(name.dropLast("_total".count)) : name
        bytes += "# HELP \(name) \(escaped(help, quotes: format == .openMetrics))\n".utf8
        bytes += "# TYPE \(name) \(type)\n".utf8
    }

    mutating func line(_ name: String, _ sample: MetricSample, _ labels: [(name: String, value: String)]) {
        bytes += name.utf8
        bytes += sample.suffix.utf8
        var pairs = labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
        if let bound = sample.bound { pairs.append("le=\"\(Self.number(bound))\"") }
        if !pairs.isEmpty { bytes += "{\(pairs.joined(separator: ","))}".utf8 }
        bytes += " \(Self.number(sample.value))\n".utf8
    }

    mutating func finish() -> [UInt8] {
        if format == .openMetrics { bytes += "# EOF\n".utf8 }
        return bytes
    }

    private static func number(_ value: Double) -> String {
        if value == .infinity { return "+Inf" }
        if value == -.infinity { return "-Inf" }
        return value.isNaN ? "NaN" : value.description
    }

    private func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5c || $0 == 0x0a || $0 == 0x22 }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: result.append(contentsOf: "\\\"".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
