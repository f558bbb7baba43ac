// Baton
// SPDX-License-Identifier: Apache-2.0

/// Elements of containers that are still open, so that a finished container is allocated once at its exact size.
struct Stack<Element>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        base = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    @inline(__always)
    mutating func push(_ element: consuming Element) {
        if count == capacity { grow() }
        (base + count).initialize(to: element)
        count += 1
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: base, count: count)
        base.deallocate()
        base = larger
        capacity *= 2
    }

    /// The place of the last element; there is one.
    @inline(__always)
    private var last: UnsafeMutablePointer<Element> { base + (count - 1) }

    /// Removes the last element.
    @inline(__always)
    mutating func popLast() -> Element? {
        guard count > 0 else { return nil }
        count -= 1
        return (base + count).move()
    }

    /// The elements from `start` up, valid until the next change.
    @inline(__always)
    func elements(from start: Int) -> UnsafeBufferPointer<Element> {
        UnsafeBufferPointer(start: base + start, count: count - start)
    }

    /// Moves the elements from `start` up into an array.
    @inline(__always)
    mutating func pop(from start: Int) -> [Element] {
        let size = count - start
        guard size > 0 else { return [] }
        let source = base + start
        count = start
        var array: [Element] = []
        array.reserveCapacity(size)
        // Costs fewer instructions than `init(unsafeUninitializedCapacity:)`, which looks up metadata each time.
        for index in 0..<size { array.append((source + index).move()) }
        return array
    }
}

extension Stack<JSONObject.Member> {
    /// Gives the last member its value.
    @inline(__always)
    mutating func setLast(_ value: JSONValue) {
        last.pointee.value = value
    }
}
