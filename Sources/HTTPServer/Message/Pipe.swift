// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What goes through a pipe.
protocol PipeElement: Sendable {
    /// Counts towards the high-water mark.
    var byteCount: Int { get }
}

extension [UInt8]: PipeElement {
    var byteCount: Int { count }
}

/// Bytes on their way.
typealias BytePipe = Pipe<[UInt8]>

/// Elements on their way from one side that writes to one that reads, with bounds.
///
/// Each side may be a task, which suspends, or a connection, which is called. Chunks stay whole and in order. Safe from
/// any thread; callbacks run outside the lock, on the caller's thread.
final class Pipe<Element: PipeElement>: Sendable {
    private typealias Reading = Result<Element?, HTTPStreamError>
    private typealias Reader = CheckedContinuation<Reading, Never>

    private struct Writer {
        let number: Int
        let continuation: CheckedContinuation<HTTPStreamError?, Never>
    }

    private struct State {
        var chunks: [Element?] = []
        var first = 0
        var count = 0
        var isEnded = false
        var isReaderGone = false
        var failure: HTTPStreamError?
        var trailers = HTTPHeaders()
        var isReaderWaiting = false
        var reader: Reader?
        var readerNumber = 0
        var writers: [Writer] = []
        var nextNumber = 1

        mutating func removeFirst() -> Element? {
            guard first < chunks.count else { return nil }
            let chunk = chunks[first]
            chunks[first] = nil
            first += 1
            count -= chunk?.byteCount ?? 0
            if first == chunks.count {
                chunks.removeAll(keepingCapacity: true)
                first = 0
            }
            return chunk
        }

        /// What a read gives now; `nil` when it has to wait.
        mutating func read() -> Reading? {
            if let chunk = removeFirst() { return .success(chunk) }
            if let failure { return .failure(failure) }
            return isEnded ? .success(nil) : nil
        }
    }

    /// What a connection sees when it takes.
    enum Taken {
        case chunk(Element)
        case nothing
        case end(HTTPHeaders)
        case failed(HTTPStreamError)
    }

    /// Writers wait above this many bytes, and go on below half of it.
    let highWater: Int
    private let state = Mutex(State())
    /// The reader took something or waits.
    private let onDemand: @Sendable () -> Void
    /// There is something new to take.
    private let onSupply: @Sendable () -> Void

    init(
        highWater: Int,
        onDemand: @escaping @Sendable () -> Void = {},
        onSupply: @escaping @Sendable () -> Void = {}
    ) {
        self.highWater = highWater
        self.onDemand = onDemand
        self.onSupply = onSupply
    }

    /// Bytes that were not taken yet.
    var count: Int { state.withLock(\.count) }
    /// What ``finish(trailers:)`` was given.
    var finalTrailers: HTTPHeaders { state.withLock(\.trailers) }
    /// There is room below the high-water mark.
    var isBelowHighWater: Bool { count < highWater }
    /// A task waits for bytes, and there are none.
    var isReaderWaiting: Bool { state.withLock { $0.reader != nil } }

    // MARK: The side that writes

    /// Adds a chunk without waiting; dropped after the end. For connections, which mind `count` themselves.
    func offer(_ chunk: Element) {
        let reader: Reader? = state.withLock { state in
            guard !state.isEnded, state.failure == nil, !state.isReaderGone else { return nil }
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            state.chunks.append(chunk)
            state.count += chunk.byteCount
            return nil
        }
        if let reader { reader.resume(returning: .success(chunk)) } else { onSupply() }
    }

    /// Adds a chunk and suspends while more than the high-water mark waits.
    func write(_ chunk: Element) async throws(HTTPStreamError) {
        let failure: HTTPStreamError? = state.withLock { state in
            state.failure ?? (state.isEnded ? .ended : state.isReaderGone ? .connectionClosed : nil)
        }
        if let failure { throw failure }
        offer(chunk)
        guard state.withLock({ $0.count > highWater }) else { return }
        let number = state.withLock { state in
            defer { state.nextNumber += 1 }
            return state.nextNumber
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                park(Writer(number: number, continuation: continuation))
            }
        } onCancel: {
            removeWriter(number)
        }
        if let result { throw result }
    }

    /// No more comes. Later ends and failures do nothing.
    func finish(trailers: HTTPHeaders = HTTPHeaders()) {
        end(nil, trailers)
    }

    /// No more comes, because of a failure, which both sides see; the reader first takes what was written before.
    func breakOff(_ failure: HTTPStreamError) {
        end(failure, HTTPHeaders(), keepsRest: true)
    }

    /// No more comes, because of a failure; what was not taken yet is dropped. Both sides see the failure.
    func fail(_ failure: HTTPStreamError) {
        end(failure, HTTPHeaders())
    }

    // MARK: The side that reads

    /// Takes the next chunk without waiting.
    func take() -> Taken {
        let (taken, writers): (Taken, [Writer]) = state.withLock { state in
            switch state.read() {
            case .success(let chunk?): (.chunk(chunk), freed(&state))
            case .success(nil): (.end(state.trailers), [])
            case .failure(let failure): (.failed(failure), [])
            case nil: (.nothing, [])
            }
        }
        for writer in writers { writer.continuation.resume(returning: nil) }
        return taken
    }

    /// The next chunk, not empty; `nil` after the last one. Suspends while there is none.
    func next() async throws(HTTPStreamError) -> Element? {
        let (early, number, writers): (Reading?, Int, [Writer]) = state.withLock { state in
            let result = state.read()
            defer { state.nextNumber += 1 }
            return (result, state.nextNumber, freed(&state))
        }
        for writer in writers { writer.continuation.resume(returning: nil) }
        if let early {
            onDemand()
            return try early.get()
        }
        return try await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in park(continuation, number) }
        } onCancel: {
            removeReader(number)
        }.get()
    }

    /// Nobody reads any more: what waits and what comes is dropped, and writers fail.
    func abandon() {
        let writers = state.withLock { state in
            state.isReaderGone = true
            (state.chunks, state.first, state.count) = ([], 0, 0)
            defer { state.writers = [] }
            return state.writers
        }
        for writer in writers { writer.continuation.resume(returning: .connectionClosed) }
        onDemand()
    }

    // MARK: Waiting

    private func freed(_ state: inout State) -> [Writer] {
        guard !state.writers.isEmpty, state.count <= highWater / 2 else { return [] }
        defer { state.writers = [] }
        return state.writers
    }

    private func park(_ writer: Writer) {
        let result: HTTPStreamError?? = state.withLock { state in
            if let failure = state.failure { return .some(failure) }
            if state.isReaderGone { return .some(.connectionClosed) }
            // Cancelled before it was here; a handler that comes later finds it in the list.
            if Task.isCancelled { return .some(.cancelled) }
            if state.count <= highWater / 2 { return .some(nil) }
            state.writers.append(writer)
            return nil
        }
        if let result { writer.continuation.resume(returning: result) }
    }

    private func removeWriter(_ number: Int) {
        let writer: Writer? = state.withLock { state in
            guard let index = state.writers.firstIndex(where: { $0.number == number }) else { return nil }
            return state.writers.remove(at: index)
        }
        writer?.continuation.resume(returning: .cancelled)
    }

    private func park(
        _ continuation: Reader,
        _ number: Int
    ) {
        let result: Reading? = state.withLock { state in
            if let result = state.read() { return result }
            if state.reader != nil { return .failure(.ended) }
            if Task.isCancelled { return .failure(.cancelled) }
            (state.reader, state.readerNumber) = (continuation, number)
            return nil
        }
        if let result { continuation.resume(returning: result) }
        onDemand()
    }

    private func removeReader(_ number: Int) {
        let reader: Reader? = state.withLock { state in
            guard state.readerNumber == number else { return nil }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: .failure(.cancelled))
    }

    private func end(_ failure: HTTPStreamError?, _ trailers: HTTPHeaders, keepsRest: Bool = false) {
        let (isFirst, reader, writers): (Bool, Reader?, [Writer]) = state.withLock { state in
            var writers: [Writer] = []
            if failure != nil { swap(&writers, &state.writers) }
            guard !state.isEnded, state.failure == nil else { return (false, nil, writers) }
            state.isEnded = failure == nil
            state.failure = failure
            state.trailers = trailers
            if failure != nil, !keepsRest { (state.chunks, state.first, state.count) = ([], 0, 0) }
            defer { state.reader = nil }
            return (true, state.reader, writers)
        }
        reader?.resume(returning: failure.map { .failure($0) } ?? .success(nil))
        for writer in writers { writer.continuation.resume(returning: failure) }
        if isFirst { onSupply() }
    }
}
