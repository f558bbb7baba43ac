// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Model
import Synchronization
import Testing

@testable import Telemetry

@Suite(.timeLimit(.minutes(1))) struct SpanTests {
    static let trace = Span.Trace(high: 0x0196_0000_0000_00aa, low: 0xff)

    static func sample(_ id: Span.ID = 1) -> Span {
        Span(
            trace: trace,
            id: id,
            parent: id == 1 ? nil : 1,
            name: "task a",
            start: Timestamp(milliseconds: 1_769_851_800_250),
            end: Timestamp(milliseconds: 1_769_851_801_000),
            status: id % 2 == 0 ? .failed("tool.failed") : .good,
            attributes: ["s": "x", "n": -3, "d": 1.5, "b": true, "l": [1]],
            links: id == 1 ? [Span.Link(trace: Span.Trace(high: 1, low: 2), span: 3)] : []
        )
    }

    @Test func `spans are written as OTLP has them`() throws {
        let bytes = OTLPDocument.bytes(
            [Self.sample(), Self.sample(2)],
            resource: ["service.name": "baton"],
            version: "1"
        )
        let json = try JSONValue(parsing: bytes)["resourceSpans"]?[0]
        #expect(json?["resource"] == ["attributes": [["key": "service.name", "value": ["stringValue": "baton"]]]])
        let scope = json?["scopeSpans"]?[0]
        #expect(scope?["scope"] == ["name": "baton", "version": "1"])
        #expect(
            scope?["spans"]?[0] == [
                "traceId": "01960000000000aa00000000000000ff", "spanId": "0000000000000001", "name": "task a",
                "kind": 1,
                "startTimeUnixNano": "1769851800250000000", "endTimeUnixNano": "1769851801000000000",
                "attributes": [
                    ["key": "s", "value": ["stringValue": "x"]], ["key": "n", "value": ["intValue": "-3"]],
                    ["key": "d", "value": ["doubleValue": 1.5]], ["key": "b", "value": ["boolValue": true]],
                    ["key": "l", "value": ["stringValue": "[1]"]],
                ],
                "status": ["code": 1],
                "links": [["traceId": "00000000000000010000000000000002", "spanId": "0000000000000003"]],
            ]
        )
        #expect(scope?["spans"]?[1]?["parentSpanId"] == "0000000000000001")
        #expect(scope?["spans"]?[1]?["status"] == ["code": 2, "message": "tool.failed"])
    }

    @Test(.enabled(if: Python.isThere, "opentelemetry-proto is not installed; scripts/telemetry gets it"))
    func `the types of OpenTelemetry read them`() throws {
        let bytes = OTLPDocument.bytes(
            [Self.sample(), Self.sample(2)],
            resource: ["service.name": "baton"],
            version: "1"
        )
        let lines = try Python.run("spans.py", input: bytes).split(separator: "\n")
        #expect(
            lines == [
                "01960000000000aa00000000000000ff 0000000000000001 - task_a 1769851800250000000 1769851801000000000 1 5 1",
                "01960000000000aa00000000000000ff 0000000000000002 0000000000000001 task_a 1769851800250000000 1769851801000000000 2 5 0",
            ]
        )
    }

    /// A collector that answers as it is told, then with 200.
    private final class Collector: Sendable {
        let answers: Mutex<[HTTPResponse]>
        let requests = Mutex([JSONValue]())

        init(_ answers: [HTTPResponse]) { self.answers = Mutex(answers) }

        func answer(_ request: HTTPRequest) async -> HTTPResponse {
            guard request.method == "POST", request.path == ["v1", "traces"],
                request.header("content-type") == "application/json",
                let body = try? await request.body.collect(limit: 1 << 20),
                let json = try? JSONValue(parsing: body)
            else { return HTTPResponse(status: 400) }
            requests.withLock { $0.append(json) }
            return answers.withLock { $0.isEmpty ? .json(Array("{}".utf8)) : $0.removeFirst() }
        }

        /// How many spans each request had.
        var sizes: [Int] {
            requests.withLock {
                $0.map { $0["resourceSpans"]?[0]?["scopeSpans"]?[0]?["spans"]?.arrayValue?.count ?? 0 }
            }
        }
    }

    private static func collecting(
        _ answers: [HTTPResponse],
        _ change: (inout SpanExportSettings) -> Void = { _ in },
        _ body: (SpanExporter, Collector) async throws -> Void
    ) async throws {
        let collector = Collector(answers)
        let endpoints: [Endpoint] = [.tcp(host: "127.0.0.1", port: 0)]
        let server = try await WebServer.start(ServerConfiguration(endpoints: endpoints)) { await collector.answer($0) }
        var settings = SpanExportSettings(endpoint: "http://\(server.addresses[0])")
        settings.firstPause = .milliseconds(1)
        settings.interval = .milliseconds(5)
        change(&settings)
        do {
            try await body(SpanExporter(settings), collector)
        } catch {
            await server.stop(within: .zero)
            throw error
        }
        await server.stop(within: .zero)
    }

    @Test func `spans are sent in batches, and a collector that is busy is asked again`() async throws {
        let busy = HTTPResponse(status: 503)
        try await Self.collecting([busy, busy], { $0.batchLimit = 4 }) { exporter, collector in
            exporter.export((1...10).map { Self.sample($0) })
            await exporter.finish(within: .seconds(20))
            #expect(collector.sizes == [4, 4, 4, 4, 2])
            #expect(exporter.counts == SpanCounts(sent: 10))
        }
    }

    @Test func `what the collector refuses is not sent again`() async throws {
        let partly = HTTPResponse.json(Array(#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}}"#.utf8))
        try await Self.collecting([HTTPResponse(status: 400), partly], { $0.batchLimit = 4 }) { exporter, collector in
            exporter.export((1...8).map { Self.sample($0) })
            await exporter.finish(within: .seconds(20))
            #expect(collector.sizes == [4, 4])
            #expect(exporter.counts == SpanCounts(sent: 2, rejected: 6))
        }
    }

    @Test func `a collector that is gone costs spans and nothing else`() async throws {
        var settings = SpanExportSettings(endpoint: "http://127.0.0.1:9")
        (settings.attempts, settings.firstPause, settings.capacity) = (2, .milliseconds(1), 5)
        let exporter = SpanExporter(settings)
        exporter.export((1...8).map { Self.sample($0) })
        #expect(exporter.counts == SpanCounts(dropped: 3))
        await exporter.finish(within: .seconds(20))
        #expect(exporter.counts == SpanCounts(dropped: 8))
    }

    @Test func `it sends by itself until it is cancelled`() async throws {
        try await Self.collecting([]) { exporter, collector in
            let work = Task { await exporter.run() }
            exporter.export([Self.sample()])
            while exporter.counts.sent < 1 { try await Task.sleep(for: .milliseconds(2)) }
            exporter.export([Self.sample(2)])
            while exporter.counts.sent < 2 { try await Task.sleep(for: .milliseconds(2)) }
            work.cancel()
            await work.value
            #expect(collector.sizes == [1, 1])
        }
    }
}
