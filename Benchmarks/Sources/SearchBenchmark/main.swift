// Baton
// SPDX-License-Identifier: Apache-2.0

// What searching a library costs: taking documents in, finding passages by words, and by words and meaning. The limit of the last
// is reading the same vectors out of memory once, with the same product, in the same run.
//
//     SearchBenchmark [PASSAGES [DIMENSIONS]]

import Glibc
import Knowledge
import Measuring
import Model
import Store
import StoreSQLite

let given = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let (count, dimensions) = (given.first ?? 50_000, given.dropFirst().first ?? 384)
let root = (getenv("BENCH_DIR").map { String(cString: $0) } ?? "/var/tmp") + "/baton-search-\(getpid())"
let perDocument = 100

mkdir(root, 0o700)
defer { system("rm -rf '\(root)'") }

let words = Words()
let store = try SQLiteRunStore(in: try DataFolder(locking: root, command: "benchmark"), SQLiteRunStore.Options())
let library = Library(store: store) { Timestamp(milliseconds: Int64(time(nil)) * 1000) }
let search = LibrarySearch(library, embedder: RandomVectors(dimensions: dimensions))
let source = try library.makeSource("bench", .common)
let payer = PaidCaller(.common)

print("\(count) passages of about 60 words, vectors of \(dimensions) numbers")
do {
    var (bytes, begin) = (0, seconds())
    for document in 0..<(count / perDocument) {
        let text = words.document(document, passages: perDocument)
        bytes += text.utf8.count
        _ = try library.add([.init(path: "doc\(document).md", text: text)], to: source, by: "bench")
    }
    let took = seconds() - begin
    print(
        "taken in:      \(text(Double(count) / took, 0)) passages/s, \(text(Double(bytes) / took / 1e6)) MB/s of text"
    )
    begin = seconds()
    _ = try await search.index(source, limit: .max, for: payer)
    print("given vectors: \(text(Double(count) / (seconds() - begin), 0)) passages/s beside the model")
}

/// The milliseconds that each of the questions takes.
func times(_ questions: [String], _ body: (Library.Question) async throws -> Library.Answer) async throws -> [Double] {
    var times: [Double] = []
    for question in questions {
        let begin = seconds()
        let answer = try await body(Library.Question(question))
        times.append((seconds() - begin) * 1000)
        precondition(!answer.hits.isEmpty, "nothing is found")
    }
    return times
}

func range(_ values: [Double]) -> String {
    "\(text(values.median)) ms (95 %: \(text(values.percentile(0.95))))"
}

let everything = Visibility.everything(of: Ownership.defaultTenant)
let questions = (0..<40).map { words.question($0) }
print("by words:      \(range(try await times(questions) { try library.search($0, everything) }))")
let hybrid = try await times(questions) { try await search.search($0, everything, for: payer) }
print("and meaning:   \(range(hybrid))")
do {
    let vectors = RandomVectors(dimensions: dimensions)
    let flat = (0..<count).flatMap { vectors.vector("p\($0)") }
    var passes: [Double] = []
    for number in 0..<40 {
        let wanted = vectors.vector("q\(number)")
        let begin = seconds()
        let best = flat.withUnsafeBytes { bytes in
            (0..<count).reduce(Float(-1)) { best, place in
                let from = place * dimensions * 4
                let part = UnsafeRawBufferPointer(rebasing: bytes[from..<from + dimensions * 4])
                return max(best, VectorProduct.dot(wanted, part))
            }
        }
        passes.append((seconds() - begin) * 1000)
        precondition(best > 0)
    }
    print(
        "one pass:      \(range(passes)) over the vectors in memory; the search takes \(text(hybrid.median / passes.median)) x"
    )
}
