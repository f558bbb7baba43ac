// Baton
// SPDX-License-Identifier: Apache-2.0

/// Bytes being written: room is asked for once per piece, then bytes go in unchecked. Full buffers move to the result, so
/// that a long document is not held twice.
struct ByteBuffer: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// How many bytes are not yet in the result.
    private var count = 0
    private var result: [UInt8] = []

    init(capacity: Int) {
        base = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit { base.deallocate() }

    /// Takes over bytes to append to; ``finish()`` gives them back.
    mutating func take(_ bytes: inout [UInt8]) {
        swap(&result, &bytes)
    }

    /// All bytes; the buffer is empty then.
    mutating func finish() -> [UInt8] {
        result.append(contentsOf: UnsafeBufferPointer(start: base, count: count))
        count = 0
        var all: [UInt8] = []
        swap(&all, &result)
        return all
    }

    /// All bytes, which are UTF-8, as text.
    mutating func finishText() -> String {
        guard !result.isEmpty else {
            return String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self)
        }
        return String(decoding: finish(), as: UTF8.self)
    }

    /// Makes sure that `size` more bytes fit.
    @inline(__always)
    mutating func reserve(_ size: Int) {
        if capacity - count < size { flush(size) }
    }

    @inline(never)
    private mutating func flush(_ size: Int) {
        if result.isEmpty { result.reserveCapacity(4 * (count + size)) }
        result.append(contentsOf: UnsafeBufferPointer(start: base, count: count))
        count = 0
        guard size > capacity else { return }
        base.deallocate()
        base = .allocate(capacity: size)
        capacity = size
    }

    /// Adds a byte.
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        appendReserved(byte)
    }

    /// Adds a byte for which there is room.
    @inline(__always)
    mutating func appendReserved(_ byte: UInt8) {
        (base + count).initialize(to: byte)
        count += 1
    }

    /// Adds the low `size` bytes of a little-endian word; there is room for 8.
    @inline(__always)
    mutating func appendReserved(word: UInt64, size: Int) {
        UnsafeMutableRawPointer(base + count).storeBytes(of: word.littleEndian, as: UInt64.self)
        count += size
    }

    /// Sets a byte some places behind the end; there is room.
    @inline(__always)
    func setReserved(_ place: Int, _ byte: UInt8) {
        (base + count + place).initialize(to: byte)
    }

    /// Takes in bytes that were set behind the end.
    @inline(__always)
    mutating func advanceReserved(_ size: Int) {
        count += size
    }

    /// Puts a byte before the last `size` bytes; there is room.
    mutating func insertReserved(_ byte: UInt8, before size: Int) {
        let tail = base + count - size
        (tail + 1).update(from: tail, count: size)
        tail.initialize(to: byte)
        count += 1
    }

    /// Adds a constant.
    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Adds bytes.
    @inline(__always)
    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count)
        (base + count).initialize(from: source, count: bytes.count)
        count += bytes.count
    }

    /// Adds white space.
    mutating func appendSpaces(_ size: Int) {
        reserve(size)
        (base + count).initialize(repeating: UInt8(ascii: " "), count: size)
        count += size
    }
}
