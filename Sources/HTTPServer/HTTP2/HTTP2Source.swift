// Baton
// SPDX-License-Identifier: Apache-2.0

/// Where the body of an HTTP/2 answer comes from.
struct HTTP2Source {
    /// What it is made of.
    enum Kind {
        case bytes([UInt8])
        case file(FileRange)
        /// `left`: how many bytes were announced and did not come yet.
        case stream(BodySource, left: Int?)
    }

    /// What a read gives.
    enum Read {
        case bytes(Int)
        case wait
        case end(Int, trailers: HTTPHeaders)
        case failed
    }

    private var kind: Kind
    private var position = 0
    /// Of a stream: the chunk that is being sent.
    private var chunk: [UInt8] = []

    init(_ kind: Kind) {
        self.kind = kind
    }

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Read {
        switch kind {
        case .bytes(let bytes):
            let count = copy(bytes, into: buffer)
            return position == bytes.count ? .end(count, trailers: HTTPHeaders()) : .bytes(count)
        case .file(let file):
            guard let count = file.read(at: position, into: buffer) else { return .failed }
            position += count
            return position == file.count ? .end(count, trailers: HTTPHeaders()) : .bytes(count)
        case .stream(let source, let left):
            return read(source, left, into: buffer)
        }
    }

    /// Adds something to a stream that has nothing to send at the moment.
    mutating func offer(_ bytes: [UInt8]) {
        guard case .stream = kind, position == chunk.count else { return }
        (chunk, position) = (bytes, 0)
    }

    /// Whoever writes learns that nobody takes it.
    func fail(_ failure: HTTPStreamError) {
        if case .stream(let source, _) = kind { source.fail(failure) }
    }

    /// All of it is on its way.
    func finish() {
        if case .stream(let source, _) = kind { source.finish() }
    }

    private mutating func read(_ source: BodySource, _ left: Int?, into buffer: UnsafeMutableRawBufferPointer) -> Read {
        if position == chunk.count {
            chunk = []
            position = 0
            switch source.take() {
            case .nothing: return .wait
            case .failed: return .failed
            // Fewer than announced.
            case .end(let trailers): return left ?? 0 == 0 ? .end(0, trailers: trailers) : .failed
            case .part(let part): chunk = part.bytes
            case .bytes(let next):
                chunk = next
                if let left {
                    guard next.count <= left else { return .failed }
                    kind = .stream(source, left: left - next.count)
                }
            }
        }
        return .bytes(copy(chunk, into: buffer))
    }

    private mutating func copy(_ bytes: [UInt8], into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bytes.count - position)
        bytes.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count]))
        }
        position += count
        return count
    }
}
