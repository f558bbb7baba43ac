// Baton
// SPDX-License-Identifier: Apache-2.0

public import Engine
public import JSON
internal import Model
public import Store

/// What the programs of a run wrote, by attempt.
public struct AttemptLogs: Sendable {
    private let reader: RunReader
    private let store: any RunStore

    /// - Parameter store: The same that the reader has.
    public init(reader: RunReader, store: any RunStore) {
        (self.reader, self.store) = (reader, store)
    }

    /// The logs of attempts in the order in which these ended: `{node, scope?, attempt, type, text, error?}`.
    ///
    /// `text` is null when it is gone, because such texts are not kept for ever.
    ///
    /// - Parameters:
    ///   - nodes: Only of these; empty for all.
    ///   - onlyErrors: Only of attempts that failed.
    /// - Throws: `corrupted`, `unavailable`.
    public func logs(ofRun key: Int64, nodes: Set<String>, onlyErrors: Bool) throws(EngineError) -> [JSONValue] {
        let log = RunLog(reader: reader, store: store)
        var (logs, attempts, last): ([JSONValue], [String: JSONValue], Int64) = ([], [:], 0)
        while true {
            let events = try log.events(ofRun: key, after: last, limit: 500)
            for event in events {
                last = event["run_seq"]?.intValue ?? last
                guard let node = event["node"]?.stringValue else { continue }
                let task = "\(node) \(event["scope"]?.text ?? "")"
                if let attempt = event["data"]?["attempt"] { attempts[task] = attempt }
                guard nodes.isEmpty || nodes.contains(node) else { continue }
                if let entry = try entry(event, node, attempts[task], onlyErrors) { logs.append(entry) }
            }
            if events.count < 500 { return logs }
        }
    }

    private func entry(
        _ event: JSONValue,
        _ node: String,
        _ attempt: JSONValue?,
        _ onlyErrors: Bool
    ) throws(EngineError) -> JSONValue? {
        guard let type = event["type"], let data = event["data"] else { return nil }
        let error = data["error"].map { "\($0["code"]?.stringValue ?? ""): \($0["message"]?.stringValue ?? "")" }
        let blob = data["log"].flatMap { log -> BlobRef? in
            guard let hash = log["hash"]?.stringValue, let size = log["size"]?.intValue else { return nil }
            return BlobRef(hash: hash, size: Int(size))
        }
        let streams = blob == nil ? Self.streams(data["error"]?["details"] ?? data["output"]?["value"]) : ""
        guard blob != nil || error != nil || !streams.isEmpty, !onlyErrors || error != nil else { return nil }
        var result: JSONObject = ["node": .string(node)]
        result["scope"] = event["scope"]
        result["attempt"] = attempt ?? 0
        result["type"] = type
        result["text"] = try blob.map { blob throws(EngineError) in try text(of: blob) } ?? .string(streams)
        result["error"] = error.map { .string($0) }
        return .object(result)
    }

    /// What a program wrote, where its result holds that.
    private static func streams(_ result: JSONValue?) -> String {
        ["stdout", "stderr"].compactMap { result?[$0]?.stringValue }.filter { !$0.isEmpty }
            .map { $0.hasSuffix("\n") ? $0 : "\($0)\n" }.joined()
    }

    private func text(of blob: BlobRef) throws(EngineError) -> JSONValue {
        try reader.log(blob).map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null
    }
}
