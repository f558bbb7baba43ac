// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct NearestListTests {
    @Test func `the best are kept, of equal ones those that came first`() {
        var list = NearestList<Int>(limit: 3)
        for (number, score) in ([0.1, 0.9, 0.5, 0.9, 0.5, 0.2] as [Float]).enumerated() { list.add(score, number) }
        #expect(list.best.map(\.thing) == [1, 3, 2])
    }

    @Test func `products are those of plain loops, also of stored vectors at odd addresses`() {
        var random = SystemRandomNumberGenerator()
        for length in [0, 1, 7, 8, 15, 16, 17, 40, 384] {
            let left = (0..<length).map { _ in Float.random(in: -1...1, using: &random) }
            let right = (0..<length).map { _ in Float.random(in: -1...1, using: &random) }
            let plain = zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            #expect(abs(Double(VectorProduct.dot(left, right)) - plain) < 0.0001, "\(length)")
            let stored = FloatBytes.bytes(right)
            #expect(FloatBytes.numbers(stored) == right)
            let odd = [0] + stored
            let product = odd.withUnsafeBytes { bytes in
                VectorProduct.dot(left, UnsafeRawBufferPointer(rebasing: bytes[1...]))
            }
            #expect(abs(Double(product) - plain) < 0.0001, "\(length)")
        }
        #expect(VectorProduct.dot([1, 2], [1]) == 0)
        #expect(VectorProduct.normalized([3, 4]) == [0.6, 0.8] && VectorProduct.normalized([0, 0]) == [0, 0])
    }
}
