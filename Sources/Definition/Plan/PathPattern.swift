// Baton
// SPDX-License-Identifier: Apache-2.0

/// A path in which `*` and `?` stand for parts of a name and `**` for whole parts of the way (spec 3.5, `writes`).
public struct PathPattern: Sendable {
    fileprivate enum Step: Equatable, Sendable {
        case byte(UInt8)
        /// One byte of a name.
        case any
        /// Any bytes of a name.
        case name
        /// Any bytes, `/` included.
        case path
    }

    private let steps: [Step]

    /// Reads a pattern; every text is one.
    public init(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while bytes.starts(with: "./".utf8) { bytes = bytes.dropFirst(2) }
        bytes = bytes.drop { $0 == Self.slash }
        let isFolder = bytes.last == Self.slash
        while bytes.last == Self.slash { bytes = bytes.dropLast() }
        if bytes.elementsEqual(".".utf8) { bytes = [] }
        var steps: [Step] = []
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "*") where bytes.first == UInt8(ascii: "*"):
                bytes = bytes.drop { $0 == UInt8(ascii: "*") }
                // `**/a` also means `a`.
                if bytes.first == Self.slash, steps.isEmpty || steps.last == .byte(Self.slash) {
                    bytes = bytes.dropFirst()
                }
                steps.append(.path)
            case UInt8(ascii: "*"): steps.append(.name)
            case UInt8(ascii: "?"): steps.append(.any)
            // Sets and alternatives are taken for more than they are: too much order does no harm.
            case UInt8(ascii: "["):
                bytes = bytes.drop { $0 != UInt8(ascii: "]") }.dropFirst()
                steps.append(.any)
            case UInt8(ascii: "{"):
                bytes = bytes.drop { $0 != UInt8(ascii: "}") }.dropFirst()
                steps.append(.path)
            default: steps.append(.byte(byte))
            }
        }
        self.steps = isFolder && !steps.isEmpty ? steps + [.byte(Self.slash), .path] : steps
    }

    private init(path: String) {
        steps = path.utf8.map { .byte($0) }
    }

    private static let slash = UInt8(ascii: "/")

    /// Whether a path, without `./` before it, is one of those that the pattern stands for, or lies below one. Sets and
    /// alternatives in a pattern stand for more than they say.
    public func includes(_ path: String) -> Bool {
        var work = 1 << 20
        return overlaps(PathPattern(path: path), work: &work)
    }

    /// Whether some path fits both. What lies below a path belongs to it.
    ///
    /// - Parameter work: Comparisons that may still be made. When it is used up, the answer is true.
    func overlaps(_ other: PathPattern, work: inout Int) -> Bool {
        let (left, right) = (steps, other.steps)
        if left.isEmpty || right.isEmpty { return true }
        // Which positions of `right` can be reached together with the current one of `left`.
        var row = [Bool](repeating: false, count: right.count + 1)
        row[0] = true
        for i in 0...left.count {
            guard work > 0 else { return true }
            work -= right.count + 1
            var next = [Bool](repeating: false, count: right.count + 1)
            for j in 0...right.count where row[j] {
                let (a, b) = (i < left.count ? left[i] : nil, j < right.count ? right[j] : nil)
                guard let a else {
                    if b.map(Self.mayEndBefore) ?? true { return true }
                    // `b` may still be skipped.
                    if b?.isRepeated ?? false { row[j + 1] = true }
                    continue
                }
                guard let b else {
                    if Self.mayEndBefore(a) { return true }
                    if a.isRepeated { next[j] = true }
                    continue
                }
                if a.isRepeated { next[j] = true }
                if b.isRepeated { row[j + 1] = true }
                guard a.meets(b) else { continue }
                // A repeated step stays where it is when the other one takes a byte.
                switch (a.isRepeated, b.isRepeated) {
                case (true, true): break
                case (true, false): row[j + 1] = true
                case (false, true): next[j] = true
                case (false, false): next[j + 1] = true
                }
            }
            row = next
        }
        return false
    }

    /// The other pattern names a folder, and this step goes into it.
    private static func mayEndBefore(_ step: Step) -> Bool { step == .byte(slash) }
}

extension PathPattern.Step {
    fileprivate var isRepeated: Bool { self == .name || self == .path }

    /// Whether one byte can be both.
    fileprivate func meets(_ other: Self) -> Bool {
        switch (self, other) {
        case (.path, _), (_, .path): true
        case (.byte(let left), .byte(let right)): left == right
        case (.byte(let byte), _), (_, .byte(let byte)): byte != UInt8(ascii: "/")
        default: true
        }
    }
}
