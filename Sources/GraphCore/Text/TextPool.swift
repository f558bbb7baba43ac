// Baton
// SPDX-License-Identifier: Apache-2.0

/// Where a text is in a ``TextPool``, or in the input.
struct Text {
    let start: Int
    let end: Int

    static let empty = Text(start: 0, end: 0)

    var isEmpty: Bool { start == end }
}

/// The texts of a document, unescaped, one after the other in one array.
///
/// Texts are bytes here and compared as bytes: `==` and hashing of `String` follow Unicode equivalence, whose tables
/// would be half of the WebAssembly module, and two ids are the same id only if their bytes are.
struct TextPool {
    private(set) var bytes: [UInt8] = []

    subscript(text: Text) -> ArraySlice<UInt8> { bytes[text.start..<text.end] }

    /// Adds what `write` appends.
    mutating func add(_ write: (inout [UInt8]) throws(GraphFailure) -> Void) throws(GraphFailure) -> Text {
        let start = bytes.count
        try write(&bytes)
        return Text(start: start, end: bytes.count)
    }

    func isEqual(_ left: Text, _ right: Text) -> Bool { bytes.compare(left, right) == .equal }

    func isEqual(_ text: Text, _ literal: StaticString) -> Bool { self[text].isEqual(to: literal) }
}

/// Which of two comes first.
enum Comparison {
    case less, equal, greater

    init(_ left: Int, _ right: Int) { self = left < right ? .less : left == right ? .equal : .greater }

    /// The next criterion, if this one does not tell.
    func then(_ next: @autoclosure () -> Self) -> Self { self == .equal ? next() : self }
}

extension [UInt8] {
    /// By bytes, a text after its own beginnings.
    @inline(never)
    func compare(_ left: Text, _ right: Text) -> Comparison {
        var (i, j) = (left.start, right.start)
        while i < left.end, j < right.end {
            if self[i] != self[j] { return self[i] < self[j] ? .less : .greater }
            i += 1
            j += 1
        }
        return Comparison(left.end - left.start, right.end - right.start)
    }

    @inline(never)
    mutating func append(_ literal: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    @inline(never)
    mutating func append(decimal value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        let first = count
        var rest = value.magnitude
        repeat {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        self[first...].reverse()
    }
}

extension ArraySlice<UInt8> {
    func isEqual(to literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        let other = UnsafeBufferPointer(start: literal.utf8Start, count: count)
        return zip(self, other).allSatisfy { $0 == $1 }
    }
}
