// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Definition
import JSON
import Model
import Store
import Synchronization

/// A catalogue in memory with a clock that tests move.
final class Shelf: Sendable {
    let store = MemoryCatalogStore()
    let runs = MemoryRunStore()
    let blobs: MemoryBlobStore
    let catalog: DefinitionCatalog
    private let time: Clock

    init() {
        let time = Clock()
        self.time = time
        blobs = MemoryBlobStore { time.now }
        catalog = DefinitionCatalog(
            store: store,
            blobs: blobs,
            compiler: Compiler(registry: Registry()),
            now: { time.now }
        )
    }

    var now: Timestamp { time.now }

    func wait(_ span: Duration) { time.add(span) }

    @discardableResult
    func publish(
        _ text: String,
        tag: String = "main",
        _ expected: TagExpectation = .any
    ) throws(CatalogError) -> Publication {
        try catalog.publish(Array(text.utf8), fileName: "a.yaml", tag: tag, expected: expected, by: .ann)
    }

    @discardableResult
    func patch(_ name: String, _ ops: JSONValue, _ expected: TagExpectation = .any) throws(CatalogError) -> Publication
    {
        try catalog.patch(name, DefinitionPatch(ops), expected: expected, by: .ann)
    }

    func version(_ reference: String) throws(CatalogError) -> ArtifactRow {
        try catalog.version(VersionReference(reference), owner: "local")
    }

    func document(_ reference: String) throws(CatalogError) -> JSONValue {
        try catalog.document(of: version(reference))
    }

    func tagged(_ name: String, _ tag: String = "main") throws(CatalogError) -> Int? {
        try version("\(name)@\(tag)").number
    }
}

/// A clock that goes one millisecond further each time it is read.
private final class Clock: Sendable {
    private let milliseconds = Mutex<Int64>(1_000_000)

    var now: Timestamp {
        milliseconds.withLock { value in
            value += 1
            return Timestamp(milliseconds: value)
        }
    }

    func add(_ span: Duration) { milliseconds.withLock { $0 += span.milliseconds } }
}

extension CatalogActor {
    static let ann = CatalogActor(owner: "local", name: "user:ann")
}

/// The code of the error that `body` throws, if it throws one; `E502` and such when it is about a patch.
func code(_ body: () throws(CatalogError) -> Void) -> String? {
    do throws(CatalogError) {
        try body()
        return nil
    } catch {
        return error.problem ?? error.code.rawValue
    }
}

/// A workflow with nodes `n0` to `n(count-1)` in a row.
func workflow(_ name: String, nodes count: Int = 2, value: String = "1") -> String {
    let nodes = (0..<count).map { index in
        let after = index == 0 ? "" : "depends_on: [n\(index - 1)], "
        return "  - {id: n\(index), type: transform, \(after)config: {set: {x: \(value)}}}"
    }
    return "# \(name)\nworkflow: \(name)\nnodes:\n\(nodes.joined(separator: "\n"))\n"
}

/// A generator whose numbers follow from its seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
