// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
import JSON
import Providers
import Synchronization

/// What the calls of a program keep of their prompts. Programs send the whole conversation with every call; a step keeps
/// what was not in an earlier one: `{frame, base?, same, new, marks?, prompt_limit, temperature?,
/// prompt_sha256}`.
///
/// `base` is the step whose conversation begins alike, `same` how many messages of it, and `marks` which messages end a
/// part worth caching: these move from call to call.
final class GatewayPrompts: Sendable {
    private struct Known {
        let step: Int
        /// The step that has the frame.
        let frameStep: Int
        let frame: PromptFrame
        let messages: [ModelMessage]
    }

    /// So many conversations are remembered: programs hold some at a time.
    private static let limit = 8
    private let known = Mutex<[Known]>([])

    /// What a step says of its prompt.
    func record(of request: ModelRequest) -> JSONObject {
        let (frame, messages) = (PromptFrame(request), request.messages.map(\.withoutMark))
        let all = known.withLock { $0 }
        let shared = all.map { ($0, Self.shared($0.messages, messages)) }.max { $0.1 < $1.1 }
        var record: JSONObject = ["prompt_sha256": .string(SHA256.hex(request.canonicalBytes()))]
        let holder = all.last { $0.frame == frame }
        record["frame"] = holder.map { .int(Int64($0.frameStep)) } ?? frame.json
        let same = shared?.1 ?? 0
        if same > 0, let shared { record["base"] = .int(Int64(shared.0.step)) }
        record["same"] = .int(Int64(same))
        record["new"] = .array(messages.dropFirst(same).map(\.json))
        record["prompt_limit"] = .int(Int64(request.maxOutputTokens))
        record["temperature"] = request.temperature.map { .double($0) }
        let marks = request.messages.enumerated().compactMap { index, message in
            message.cache.map { JSONValue.array([.int(Int64(index)), .string($0.rawValue)]) }
        }
        if !marks.isEmpty { record["marks"] = .array(marks) }
        return record
    }

    /// The step of a call has begun.
    func keep(_ request: ModelRequest, as step: Int) {
        let frame = PromptFrame(request)
        known.withLock { known in
            let frameStep = known.last { $0.frame == frame }?.frameStep ?? step
            known.append(
                Known(step: step, frameStep: frameStep, frame: frame, messages: request.messages.map(\.withoutMark))
            )
            if known.count > Self.limit { known.removeFirst() }
        }
    }

    private static func shared(_ left: [ModelMessage], _ right: [ModelMessage]) -> Int {
        zip(left, right).prefix { $0 == $1 }.count
    }
}

enum GatewayPrompt {
    /// The conversation of a step; `nil` when it cannot be put together.
    static func messages(of record: JSONValue, _ requests: [Int: JSONValue]) -> [ModelMessage]? {
        guard var messages = unmarked(record, requests, depth: 0) else { return nil }
        for mark in record["marks"]?.arrayValue ?? [] {
            guard let index = mark[0]?.intValue.map({ Int($0) }), messages.indices.contains(index) else { return nil }
            messages[index].cache = mark[1]?.stringValue.flatMap(CacheBreakpoint.init)
        }
        return messages
    }

    private static func unmarked(_ record: JSONValue, _ requests: [Int: JSONValue], depth: Int) -> [ModelMessage]? {
        // Bases are earlier steps.
        guard depth < requests.count else { return nil }
        guard let own = try? (record["new"]?.arrayValue ?? []).map({ try ModelMessage(json: $0) }) else { return nil }
        guard let base = record["base"]?.intValue else { return own }
        guard let other = requests[Int(base)], let same = record["same"]?.intValue.map({ Int($0) }),
            let before = unmarked(other, requests, depth: depth + 1), before.count >= same
        else { return nil }
        return before.prefix(same) + own
    }
}

extension ModelMessage {
    fileprivate var withoutMark: ModelMessage {
        var message = self
        message.cache = nil
        return message
    }
}
