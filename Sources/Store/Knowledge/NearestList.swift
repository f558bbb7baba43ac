// Baton
// SPDX-License-Identifier: Apache-2.0

/// The things with the highest scores among many, of equal ones those that came first.
public struct NearestList<Thing> {
    /// The best first.
    public private(set) var best: [(score: Float, thing: Thing)] = []
    private let limit: Int

    /// - Parameter limit: So many are kept; small, as each new one moves others.
    public init(limit: Int) { self.limit = limit }

    /// Takes a thing in if it is good enough.
    @inline(__always)
    public mutating func add(_ score: Float, _ thing: @autoclosure () -> Thing) {
        if best.count == limit {
            guard let last = best.last, score > last.score else { return }
            best.removeLast()
        }
        let place = best.firstIndex { $0.score < score } ?? best.count
        best.insert((score, thing()), at: place)
    }
}

/// Products of vectors.
public enum VectorProduct {
    /// The sum of the products of the parts; the cosine of the angle when both are of length 1. 0 when the lengths differ.
    public static func dot(_ left: [Float], _ right: [Float]) -> Float {
        right.withUnsafeBytes { dot(left, $0) }
    }

    /// The same with a vector as it is stored: four bytes for each number, the lowest first, at any address.
    public static func dot(_ left: [Float], _ stored: UnsafeRawBufferPointer) -> Float {
        guard stored.count == left.count * 4 else { return 0 }
        return left.withUnsafeBytes { given in
            var (sums, other, place) = (SIMD8<Float>.zero, SIMD8<Float>.zero, 0)
            while place + 64 <= stored.count {
                sums += eight(given, place) * eight(stored, place)
                other += eight(given, place + 32) * eight(stored, place + 32)
                place += 64
            }
            var sum = (sums + other).sum()
            while place < stored.count {
                sum += one(given, place) * one(stored, place)
                place += 4
            }
            return sum
        }
    }

    /// A vector in the direction of another, of length 1; nothing but zeros stays so.
    public static func normalized(_ vector: [Float]) -> [Float] {
        let length = dot(vector, vector).squareRoot()
        guard length > 0, length.isFinite else { return [Float](repeating: 0, count: vector.count) }
        return vector.map { $0 / length }
    }

    @inline(__always)
    private static func eight(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> SIMD8<Float> {
        bytes.loadUnaligned(fromByteOffset: place, as: SIMD8<Float>.self)
    }

    @inline(__always)
    private static func one(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> Float {
        bytes.loadUnaligned(fromByteOffset: place, as: Float.self)
    }
}
