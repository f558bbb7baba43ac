// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

/// How far a map is. Holds what is needed to go on and to give the result; what is in flight is in the scopes.
struct MapProgress: Sendable, Equatable {
    /// Results are put aside in chunks of that many items, so that what a snapshot has to write stays small.
    static let chunkSize = 1000

    /// A stretch of results.
    struct Chunk: Sendable, Equatable {
        /// One per item; `nil` while it runs. Empty once sealed.
        var results: [Payload?]
        /// How many items have none yet.
        var open: Int
        /// All results as one list, once every item of the chunk ended.
        var sealed: Payload?

        init(count: Int) {
            results = Array(repeating: nil, count: count)
            open = count
        }
    }

    /// An item that failed.
    struct Failure: Sendable, Equatable {
        var item: Int
        var error: TaskError
    }

    /// What the items are.
    var items: ItemList
    /// The next item to start.
    var next = 0
    /// Items in flight.
    var open = 0
    /// Items that ended.
    var ended = 0
    /// Items that failed, in the order of their end.
    var failures: [Failure] = []
    /// By number of the chunk; those whose first item has not started are missing.
    var chunks: [Int: Chunk] = [:]

    /// How many items there are.
    var count: Int { items.count }

    init(items: ItemList) {
        self.items = items
    }

    mutating func start(first: Int, count: Int) {
        next = first + count
        open += count
    }

    /// Takes the result of an item in; `nil` for one that failed.
    mutating func end(_ item: Int, _ result: Payload?) {
        open -= 1
        ended += 1
        let number = item / Self.chunkSize
        let first = number * Self.chunkSize
        if chunks[number] == nil { chunks[number] = Chunk(count: min(Self.chunkSize, count - first)) }
        chunks[number]?.results[item - first] = result ?? Payload(inline: .null)
        chunks[number]?.open -= 1
    }

    mutating func seal(_ number: Int, _ results: Payload) {
        chunks[number]?.results = []
        chunks[number]?.sealed = results
    }

    /// The results of a chunk whose items all ended; `nil` when some have not, or when it is sealed already.
    func finishedChunk(of item: Int) -> (number: Int, results: JSONValue)? {
        let number = item / Self.chunkSize
        guard count > Self.chunkSize, let chunk = chunks[number], chunk.open == 0, chunk.sealed == nil else {
            return nil
        }
        return (number, .array(chunk.results.map { $0?.value ?? .null }))
    }

    /// Results in the order of the items; those of failed items are null, or left out.
    func results(leavingOutFailures: Bool) -> [JSONValue] {
        let failed = leavingOutFailures ? Set(failures.map(\.item)) : []
        var all: [JSONValue] = []
        all.reserveCapacity(count)
        for number in chunks.keys.sorted() {
            guard let chunk = chunks[number] else { continue }
            let results = chunk.sealed?.value.arrayValue ?? chunk.results.map { $0?.value ?? .null }
            guard !failed.isEmpty else {
                all += results
                continue
            }
            for (offset, result) in results.enumerated() where !failed.contains(number * Self.chunkSize + offset) {
                all.append(result)
            }
        }
        return all
    }
}

/// The items of a map: a list, or a blob of JSON lines.
struct ItemList: Sendable, Equatable {
    /// The list, and where it is stored.
    let payload: Payload
    /// The blob holds one item a line, not a list.
    let isLines: Bool

    var count: Int { payload.value.arrayValue?.count ?? 0 }

    subscript(index: Int) -> JSONValue {
        guard case .array(let items) = payload.value, items.indices.contains(index) else { return .null }
        return items[index]
    }
}
