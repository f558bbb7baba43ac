// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing
import Threads

@testable import Telemetry

@Suite struct MetricsTests {
    /// One of each, with what is hard to write.
    private static func sample() -> MetricsRegistry {
        let registry = MetricsRegistry()
        let runs = registry.counters("runs_total", "Runs, by \"how\"\nand \\ why", labels: ["status", "of"])
        runs.add(2, "completed", "a \"b\"\n\\c")
        runs["failed", ""].add()
        registry.gauges("open", "Open things")[].set(-1.5)
        let spans = registry.histograms("wait_seconds", "Waits", labels: ["kind"], bounds: [0.5, 1, 10])
        for value in [0.5, 0.6, 1, 20, .nan] { spans.observe(value, "x") }
        return registry
    }

    @Test func `the text of Prometheus is as its format says`() {
        let text = String(decoding: Self.sample().text(), as: UTF8.self)
        let expected = #"""
            # HELP baton_open Open things
            # TYPE baton_open gauge
            baton_open -1.5
            # HELP baton_runs_total Runs, by "how"\nand \\ why
            # TYPE baton_runs_total counter
            baton_runs_total{status="completed",of="a \"b\"\n\\c"} 2.0
            baton_runs_total{status="failed",of=""} 1.0
            # HELP baton_wait_seconds Waits
            # TYPE baton_wait_seconds histogram
            baton_wait_seconds_bucket{kind="x",le="0.5"} 1.0
            baton_wait_seconds_bucket{kind="x",le="1.0"} 3.0
            baton_wait_seconds_bucket{kind="x",le="10.0"} 3.0
            baton_wait_seconds_bucket{kind="x",le="+Inf"} 4.0
            baton_wait_seconds_sum{kind="x"} 22.1
            baton_wait_seconds_count{kind="x"} 4.0

            """#
        #expect(text == expected)
        let open = String(decoding: Self.sample().text(.openMetrics), as: UTF8.self)
        #expect(open.contains("# HELP baton_runs Runs, by \\\"how\\\"\\nand \\\\ why\n# TYPE baton_runs counter\n"))
        #expect(open.hasSuffix("\n# EOF\n"))
        #expect(MetricsFormat(accept: "application/openmetrics-text;version=1.0.0,*/*;q=0.1") == .openMetrics)
        #expect(MetricsFormat(accept: "text/plain") == .prometheus && MetricsFormat(accept: nil) == .prometheus)
    }

    @Test(.enabled(if: Python.isThere, "prometheus_client is not installed; scripts/telemetry gets it"))
    func `the reader of Prometheus reads both formats as they were meant`() throws {
        for (format, name, counter) in [
            (MetricsFormat.prometheus, "prometheus", "baton_runs"), (.openMetrics, "openmetrics", "baton_runs"),
        ] {
            let registry = Self.sample()
            registry.addProcessMetrics()
            let read = try JSONValue(parsing: Python.run("metrics.py", name, input: registry.text(format)))
            let runs = read[counter]
            #expect(runs?["type"] == "counter" && runs?["help"] == "Runs, by \"how\"\nand \\ why", "\(name)")
            #expect(
                runs?["samples"]?[0] == [
                    "baton_runs_total", ["status": "completed", "of": "a \"b\"\n\\c"], 2,
                ],
                "\(name): \(read)"
            )
            #expect(
                read["baton_wait_seconds"]?["samples"]?[3] == [
                    "baton_wait_seconds_bucket", ["kind": "x", "le": "+Inf"], 4,
                ],
                "\(name)"
            )
            #expect(read["baton_process_start_time_seconds"]?["type"] == "gauge", "\(name)")
        }
    }

    @Test func `what the process uses is plausible`() throws {
        let registry = MetricsRegistry()
        registry.addProcessMetrics()
        var values: [String: Double] = [:]
        for line in String(decoding: registry.text(), as: UTF8.self).split(separator: "\n") where line.first != "#" {
            let words = line.split(separator: " ")
            values[String(words[0])] = Double(words[1])
        }
        #expect((values["baton_process_cpu_seconds_total"] ?? 0) > 0)
        #expect((values["baton_process_resident_memory_bytes"] ?? 0) > 1e6)
        #expect((values["baton_process_open_fds"] ?? 0) >= 3)
        #expect((values["baton_process_max_fds"] ?? 0) >= 64)
        let now = Double(wallTime().milliseconds) / 1000
        let start = try #require(values["baton_process_start_time_seconds"])
        #expect(start < now + 1 && start > now - 86_400)
    }

    @Test func `counts of many threads are complete`() {
        let registry = MetricsRegistry()
        let counters = registry.counters("hits_total", "Hits", labels: ["who"])
        let sizes = registry.histograms("size", "Sizes", bounds: .sizes)
        let threads = (0..<4).map { number in
            OwnThread(named: "test") {
                for step in 0..<10_000 {
                    counters.add(1, "all")
                    counters["\(number)"].add(0.5)
                    sizes.observe(Double(step % 5000))
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(counters["all"].value == 40_000 && counters["3"].value == 5000)
        #expect(sizes[].samples.last == MetricSample(suffix: "_count", value: 40_000))
    }

    @Test func `a family is there once, keeps within its bound and takes over gauges as a whole`() {
        let registry = MetricsRegistry()
        let open = registry.gauges("open", "Open", labels: ["state"])
        open["a"].set(1)
        registry.gauges("open", "Open", labels: ["state"]).replace([["b"]: 2, ["c"]: 3])
        let text = String(decoding: registry.text(), as: UTF8.self)
        #expect(text.hasSuffix("baton_open{state=\"b\"} 2.0\nbaton_open{state=\"c\"} 3.0\n"))
        let names = registry.counters("names_total", "Names", labels: ["name"])
        for number in 0..<(MetricFamily<Counter>.seriesLimit + 10) { names.add(1, "\(number)") }
        #expect(names["other"].value == 10)
        names["0"].add(-5)
        #expect(names["0"].value == 1)
    }
}
