// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

extension LoopEvent {
    var type: EventType {
        switch self {
        case .iterationStarted: .loopIterationStarted
        case .iterationCompleted: .loopIterationCompleted
        }
    }

    /// The keys of `data`. The scope that an event opens or closes is not the one its task stands in.
    var data: JSONObject {
        switch self {
        case .iterationStarted(let scope, let number):
            ["opens": .int(Int64(scope)), "iteration": .int(Int64(number))]
        case .iterationCompleted(let scope, let output):
            ["closes": .int(Int64(scope)), "output": .object(output.json)]
        }
    }
}

extension MapEvent {
    var type: EventType {
        switch self {
        case .expanded: .mapExpanded
        case .itemsStarted: .mapItemsStarted
        case .itemCompleted: .mapItemCompleted
        case .itemFailed: .mapItemFailed
        case .chunkSealed: .mapChunkSealed
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .expanded(let items, let isLines):
            isLines ? ["items": .object(items.json), "lines": true] : ["items": .object(items.json)]
        case .itemsStarted(let first, let count, let scope):
            ["opens": .int(Int64(scope)), "item": .int(Int64(first)), "count": .int(Int64(count))]
        case .itemCompleted(let scope, let output):
            output.map { ["closes": .int(Int64(scope)), "output": .object($0.json)] }
                ?? ["closes": .int(Int64(scope))]
        case .itemFailed(let scope, let error): ["closes": .int(Int64(scope)), "error": error.json]
        case .chunkSealed(let number, let results):
            ["chunk": .int(Int64(number)), "results": .object(results.json)]
        }
    }
}

extension EventDecoder {
    func loop(_ type: EventType, _ data: JSONValue) throws -> LoopEvent? {
        switch type {
        case .loopIterationStarted:
            guard let scope = integer(data["opens"]), let number = integer(data["iteration"]) else { return nil }
            return .iterationStarted(scope: scope, number: number)
        case .loopIterationCompleted:
            guard let scope = integer(data["closes"]), let output = try payload(data["output"]) else { return nil }
            return .iterationCompleted(scope: scope, output: output)
        default:
            return nil
        }
    }

    func map(_ type: EventType, _ data: JSONValue) throws -> MapEvent? {
        switch type {
        case .mapExpanded:
            let isLines = data["lines"]?.boolValue ?? false
            return try payload(data["items"], isLines: isLines).map { .expanded(items: $0, isLines: isLines) }
        case .mapItemsStarted:
            guard let first = integer(data["item"]), let count = integer(data["count"]),
                let scope = integer(data["opens"])
            else { return nil }
            return .itemsStarted(first: first, count: count, scope: scope)
        case .mapItemCompleted:
            return try integer(data["closes"]).map { .itemCompleted(scope: $0, output: try payload(data["output"])) }
        case .mapItemFailed:
            guard let scope = integer(data["closes"]), let error = TaskError(json: data["error"]) else { return nil }
            return .itemFailed(scope: scope, error)
        case .mapChunkSealed:
            guard let number = integer(data["chunk"]), let results = try payload(data["results"]) else { return nil }
            return .chunkSealed(number: number, results: results)
        default:
            return nil
        }
    }

    func integer(_ json: JSONValue?) -> Int? {
        json?.intValue.map { Int($0) }
    }
}
