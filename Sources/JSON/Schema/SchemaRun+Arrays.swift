// Baton
// SPDX-License-Identifier: Apache-2.0

// Elements.
extension SchemaRun {
    mutating func apply(
        _ check: SchemaCheck,
        to array: [JSONValue],
        _ node: SchemaNode,
        _ seen: inout SchemaEvaluated?
    ) -> Bool {
        switch check {
        case .itemCount(let range):
            return apply(range, to: array.count, ("minItems", "maxItems"), ("element", "elements"), node)
        case .uniqueItems: return applyUnique(array, node)
        case .items(let prefix, let rest):
            if rest == nil { seen?.addItems(upTo: prefix.count) } else { seen?.addAllItems() }
            var passes = true
            for (index, element) in array.enumerated() {
                guard let schema = index < prefix.count ? prefix[index] : rest else { break }
                if !descend(index, element, schema) { passes = false }
                if !passes, isFull { return false }
            }
            return passes
        case .contains(let schema, let range): return applyContains(schema, range, array, node, &seen)
        default: return true
        }
    }

    private mutating func applyContains(
        _ schema: Int,
        _ range: SchemaRange,
        _ array: [JSONValue],
        _ node: SchemaNode,
        _ seen: inout SchemaEvaluated?
    ) -> Bool {
        let least = range.least ?? 1
        var count = 0
        for (index, element) in array.enumerated() {
            var inner: SchemaEvaluated?
            guard trial(schema, element, &inner) else {
                if stop != nil { return false }
                continue
            }
            count += 1
            seen?.addItem(index)
            if seen == nil, count >= least, range.most == nil { return true }
        }
        let word = least == 1 ? "element" : "elements"
        if count < least {
            let keyword = least == 1 ? "contains" : "minContains"
            return fail(node, keyword, "must have at least \(least) \(word) as \"contains\" describes, has \(count)")
        }
        guard let most = range.most, count > most else { return true }
        return fail(
            node,
            "maxContains",
            "must have at most \(most) \(most == 1 ? "element" : "elements") as \"contains\" describes, has \(count)"
        )
    }

    private mutating func applyUnique(_ array: [JSONValue], _ node: SchemaNode) -> Bool {
        guard let (first, second) = repetition(array) else { return stop == nil }
        return fail(node, "uniqueItems", "must have different elements, but \(first) and \(second) are equal")
    }

    /// Two equal elements. A few scalars are compared in pairs, all else by hash.
    private mutating func repetition(_ array: [JSONValue]) -> (Int, Int)? {
        guard array.count > 1, spend(array.count) else { return nil }
        if array.count <= 8, array.allSatisfy({ $0.isScalar }) {
            for index in array.indices.dropFirst() {
                if let earlier = array[..<index].firstIndex(of: array[index]) { return (earlier, index) }
            }
            return nil
        }
        // Hashing walks through everything inside, on every level that asks for it.
        for element in array where !element.isScalar {
            guard let extent = JSONExtent(element, byteLimit: .max), spend(extent.bytes / 8) else { return nil }
        }
        var first: [JSONValue: Int] = [:]
        first.reserveCapacity(array.count)
        for (index, element) in array.enumerated() {
            if let earlier = first.updateValue(index, forKey: element) { return (earlier, index) }
        }
        return nil
    }

    mutating func applyUnevaluated(
        items schema: Int,
        _ array: [JSONValue],
        _ seen: inout SchemaEvaluated?
    ) -> Bool {
        var passes = true
        for (index, element) in array.enumerated() where seen?.hasItem(index) == false {
            if !descend(index, element, schema) { passes = false }
            if !passes, isFull { return false }
        }
        seen?.addAllItems()
        return passes
    }
}

extension JSONValue {
    fileprivate var isScalar: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }
}
