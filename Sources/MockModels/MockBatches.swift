// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Providers

/// The batches and files of a mock server; bounded, the oldest go first.
struct MockBatches: Sendable {
    /// A batch: its calls are answered from the start, and told at its end.
    struct Batch: Sendable {
        let id: String
        /// Of Anthropic, or else of OpenAI.
        let isMessages: Bool
        let created: Int64
        let end: ContinuousClock.Instant
        var isCancelled = false
        let results: [Result]
        /// For OpenAI: the file with the calls, what it is for, and why it is not accepted.
        var file = ""
        var endpoint = ""
        var defects: [JSONValue] = []

        /// No result is on its way.
        func isOver(_ now: ContinuousClock.Instant) -> Bool { isCancelled || end <= now }
    }

    /// What became of a call.
    struct Result: Sendable {
        let name: String
        let status: Int
        /// The answer or the refusal, in the provider's form.
        let body: JSONValue
    }

    /// A file that was put here.
    struct File: Sendable {
        let id: String
        let name: String
        let purpose: String
        let created: Int64
        let bytes: [UInt8]
    }

    private static let countLimit = 1000
    private static let byteLimit = 256 << 20

    private var made = 0
    private(set) var batches: [Batch] = []
    private(set) var files: [File] = []

    /// A number for the next id.
    mutating func number() -> Int {
        made += 1
        return made
    }

    mutating func add(_ batch: Batch) {
        batches.append(batch)
        if batches.count > Self.countLimit { batches.removeFirst() }
    }

    mutating func add(_ file: File) {
        files.append(file)
        var size = files.reduce(0) { $0 + $1.bytes.count }
        while files.count > Self.countLimit || (size > Self.byteLimit && files.count > 1) {
            size -= files.removeFirst().bytes.count
        }
    }

    func batch(_ id: String, isMessages: Bool) -> Batch? {
        batches.first { $0.id == id && $0.isMessages == isMessages }
    }

    func file(_ id: String) -> File? { files.first { $0.id == id } }

    /// Gives a batch up unless it is over.
    mutating func cancel(_ id: String, now: ContinuousClock.Instant) {
        guard let place = batches.firstIndex(where: { $0.id == id }), !batches[place].isOver(now) else { return }
        batches[place].isCancelled = true
    }

    /// Removes a batch or a file; whether there was one.
    mutating func remove(_ id: String) -> Bool {
        let count = batches.count + files.count
        batches.removeAll { $0.id == id }
        files.removeAll { $0.id == id }
        return batches.count + files.count < count
    }
}

extension MockBatches.Batch {
    // MARK: Anthropic

    /// As Anthropic tells of it.
    func message(_ now: ContinuousClock.Instant, isCancelling: Bool = false) -> JSONValue {
        let isOver = self.isOver(now) && !isCancelling
        let (good, bad) = (results.count { $0.status == 200 }, results.count { $0.status != 200 })
        func count(_ number: Int, _ holds: Bool) -> JSONValue { .int(holds ? Int64(number) : 0) }
        let time = JSONValue.string(MockTime.text(created))
        return [
            "id": .string(id), "type": "message_batch",
            "processing_status": isCancelling ? "canceling" : isOver ? "ended" : "in_progress",
            "request_counts": [
                "processing": count(results.count, !isOver), "succeeded": count(good, isOver && !isCancelled),
                "errored": count(bad, isOver && !isCancelled), "canceled": count(results.count, isOver && isCancelled),
                "expired": 0,
            ],
            "created_at": time, "expires_at": .string(MockTime.text(created + 86_400)),
            "ended_at": isOver ? time : .null, "archived_at": .null,
            "cancel_initiated_at": isCancelled ? time : .null,
            "results_url": isOver ? .string("/v1/messages/batches/\(id)/results") : .null,
        ]
    }

    /// The results, one a line.
    var messageLines: [UInt8] {
        results.flatMap { result -> [UInt8] in
            let outcome: JSONValue =
                isCancelled
                ? ["type": "canceled"]
                : result.status == 200
                    ? ["type": "succeeded", "message": result.body] : ["type": "errored", "error": result.body]
            let line: JSONValue = ["custom_id": .string(result.name), "result": outcome]
            return line.bytes() + [0x0a]
        }
    }

    // MARK: OpenAI

    /// As OpenAI tells of it.
    func openAI(_ now: ContinuousClock.Instant, isCancelling: Bool = false) -> JSONValue {
        let isOver = self.isOver(now) && !isCancelling
        let (good, bad) = (results.count { $0.status == 200 }, results.count { $0.status != 200 })
        let isTold = isOver && !isCancelled
        let word =
            !defects.isEmpty
            ? "failed"
            : isCancelling ? "cancelling" : !isOver ? "in_progress" : isCancelled ? "cancelled" : "completed"
        let time = JSONValue.int(created)
        return [
            "id": .string(id), "object": "batch", "endpoint": .string(endpoint), "input_file_id": .string(file),
            "completion_window": "24h", "status": .string(word), "created_at": time,
            "expires_at": .int(created + 86_400), "completed_at": word == "completed" ? time : .null,
            "errors": defects.isEmpty ? .null : ["object": "list", "data": .array(defects)],
            "output_file_id": isTold && good > 0 ? .string(outputID) : .null,
            "error_file_id": isTold && bad > 0 ? .string(errorID) : .null,
            "request_counts": [
                "total": .int(Int64(results.count)), "completed": .int(isTold ? Int64(good) : 0),
                "failed": .int(isTold ? Int64(bad) : 0),
            ],
            "metadata": .null,
        ]
    }

    /// The names of the files with answers and with errors.
    var outputID: String { "file-out-\(id)" }
    var errorID: String { "file-err-\(id)" }

    /// The lines of one of the two files.
    func openAILines(errors: Bool) -> [UInt8] {
        results.enumerated().flatMap { number, result -> [UInt8] in
            guard (result.status != 200) == errors else { return [] }
            let line: JSONValue = [
                "id": .string("batch_req_\(id)_\(number)"), "custom_id": .string(result.name),
                "response": [
                    "status_code": .int(Int64(result.status)), "request_id": .string("req_\(id)_\(number)"),
                    "body": result.body,
                ],
                "error": .null,
            ]
            return line.bytes() + [0x0a]
        }
    }
}
