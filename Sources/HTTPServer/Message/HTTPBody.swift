// Baton
// SPDX-License-Identifier: Apache-2.0

/// The bytes of a message as they come; read by one reader, once.
///
/// Reading slowly slows the sender down: little more than the read buffer of a connection is kept. What is never read of
/// a request is thrown away after the answer, or the connection is closed when that would be much.
public struct HTTPBody: AsyncSequence, Sendable {
    /// Gives chunks of at least one byte.
    public struct Iterator: AsyncIteratorProtocol {
        let pipe: BytePipe?

        /// The next chunk; `nil` at the end.
        ///
        /// - Throws: `HTTPStreamError` with code `connectionClosed`, `malformed`, `timeout` or `cancelled`.
        public mutating func next() async throws(HTTPStreamError) -> [UInt8]? {
            try await pipe?.next()
        }

        /// The same on the actor of the caller.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(HTTPStreamError) -> [UInt8]? {
            try await pipe?.next()
        }
    }

    /// A part of the body.
    public typealias Element = [UInt8]
    /// What reading throws.
    public typealias Failure = HTTPStreamError

    private let pipe: BytePipe?
    /// How many bytes come, if the sender says so. 0 for a message without a body.
    public let length: Int?

    init(pipe: BytePipe?, length: Int?) {
        self.pipe = pipe
        self.length = length
    }

    /// A body that is there already.
    init(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else {
            self.init(pipe: nil, length: 0)
            return
        }
        self.init(pipe: BytePipe(highWater: .max), length: bytes.count)
        pipe?.offer(bytes)
        pipe?.finish()
    }

    /// For `for try await`.
    public func makeAsyncIterator() -> Iterator {
        Iterator(pipe: pipe)
    }

    /// All of it in one piece.
    ///
    /// - Parameter limit: The most bytes to take. A body that announces more fails at once, before a client that waits
    ///   for leave (`Expect: 100-continue`) sends any of it.
    /// - Throws: `HTTPStreamError` with code `tooLarge`, to be answered with 413; or as the iterator does.
    public func collect(limit: Int) async throws(HTTPStreamError) -> [UInt8] {
        if let length, length > limit { throw Self.tooLarge(limit) }
        guard let pipe else { return [] }
        var all: [UInt8] = []
        while let chunk = try await pipe.next() {
            guard all.count + chunk.count <= limit else { throw Self.tooLarge(limit) }
            if all.isEmpty { all = chunk } else { all += chunk }
        }
        return all
    }

    private static func tooLarge(_ limit: Int) -> HTTPStreamError {
        HTTPStreamError(.tooLarge, "The body has more than \(limit) bytes.")
    }
}
