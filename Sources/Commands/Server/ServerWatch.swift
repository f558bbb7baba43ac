// Baton
// SPDX-License-Identifier: Apache-2.0

import EngineTelemetry
import Store
import Synchronization
import Telemetry

/// What a server writes down, counts and traces (spec 12.4).
final class ServerWatch: Sendable {
    let log: Log
    let metrics = MetricsRegistry()
    /// Sends traces; `nil` without a collector.
    let exporter: SpanExporter?
    private let recorder = Mutex<EngineRecorder?>(nil)

    init(_ settings: TelemetrySettings) {
        log = Log(level: settings.level, format: settings.format)
        exporter = settings.collector.map { collector in
            var settings = SpanExportSettings(endpoint: collector)
            settings.version = Baton.version
            return SpanExporter(settings)
        }
        metrics.addProcessMetrics()
    }

    /// For the engine and its store.
    var observation: LocalEngine.Observation {
        LocalEngine.Observation(onFlush: EngineRecorder.flushes(metrics)) { [self] store in
            let recorder = EngineRecorder(metrics: metrics, exporter: exporter, store: store)
            self.recorder.withLock { $0 = recorder }
            return recorder
        }
    }

    /// Lets go what is left, once nothing more comes.
    func finish() async {
        await recorder.withLock { $0 }?.flush()
        await exporter?.finish(within: .seconds(3))
        log.record(.info, "stopped")
        await log.flush()
    }
}
