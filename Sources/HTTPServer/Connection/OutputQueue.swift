// Baton
// SPDX-License-Identifier: Apache-2.0

/// What waits to be sent, in order.
struct OutputQueue {
    /// What is sent next.
    enum Segment {
        case bytes([UInt8])
        case file(FileRange)
    }

    /// Smaller ones are joined, so that they leave in one call.
    private static let joinLimit = 16384

    private var segments: [Segment] = []
    private var first = 0
    /// How much of the first segment is gone.
    private(set) var offset = 0
    /// Bytes that wait; of files too.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    /// There is more than one segment.
    var hasMore: Bool { first + 1 < segments.count }
    /// What is sent next, from `offset` on.
    var head: Segment? { first < segments.count ? segments[first] : nil }

    /// Adds bytes at the end.
    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        count += bytes.count
        // A segment that is being sent is left alone.
        if bytes.count <= Self.joinLimit, segments.count > first + (offset > 0 ? 1 : 0), join(bytes) { return }
        segments.append(.bytes(bytes))
    }

    /// Adds a part of a file at the end.
    mutating func append(_ file: FileRange) {
        guard file.count > 0 else { return }
        count += file.count
        segments.append(.file(file))
    }

    /// That many bytes of the first segment are gone.
    mutating func advance(_ sent: Int) {
        guard let head else { return }
        count -= sent
        offset += sent
        let size =
            switch head {
            case .bytes(let bytes): bytes.count
            case .file(let file): file.count
            }
        guard offset == size else { return }
        offset = 0
        first += 1
        if first == segments.count { (segments, first) = ([], 0) }
    }

    private mutating func join(_ bytes: [UInt8]) -> Bool {
        let last = segments.count - 1
        guard case .bytes(var joined) = segments[last], joined.count + bytes.count <= Self.joinLimit else {
            return false
        }
        segments[last] = .bytes([])
        joined += bytes
        segments[last] = .bytes(joined)
        return true
    }
}
