// Baton
// SPDX-License-Identifier: Apache-2.0

// Compares the JSON module with Foundation's Codable pair on the same bytes, in interleaved rounds.

import Foundation
import JSON

/// Runs `body` for about 0.2 seconds and returns MB/s.
func throughput(_ bytes: Int, _ body: () throws -> Int) rethrows -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    var rounds = 0
    var checksum = 0
    while clock.now - start < .milliseconds(200) {
        for _ in 0..<8 { checksum &+= try body() }
        rounds += 8
    }
    precondition(checksum != 0)
    let seconds = (clock.now - start) / .seconds(1)
    return Double(bytes * rounds) / seconds / 1e6
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func format(_ value: Double, _ digits: Int = 0) -> String { String(format: "%.\(digits)f", value) }

/// Prints medians in MB/s and the ratio with its spread over the rounds.
func report(_ name: String, _ rounds: Int, peer: () throws -> Double, ours: () throws -> Double) rethrows {
    var peers: [Double] = []
    var own: [Double] = []
    for _ in 0..<rounds {
        peers.append(try peer())
        own.append(try ours())
    }
    let ratios = zip(own, peers).map { $0 / $1 }
    let spread = "\(format(ratios.min() ?? 0, 1))–\(format(ratios.max() ?? 0, 1))"
    print(
        "\(name): Foundation \(format(median(peers))) MB/s, ours \(format(median(own))) MB/s, "
            + "ratio \(format(median(ratios), 1)) (\(spread))"
    )
}

func compare<Document: Codable>(_ name: String, _ document: Document, rounds: Int) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let decoder = JSONDecoder()
    let data = try encoder.encode(document)
    let bytes = [UInt8](data)
    let value = try JSONValue(parsing: bytes)
    _ = try decoder.decode(Document.self, from: Data(value.bytes()))
    let size = bytes.count
    try report("parse \(name) (\(size) bytes)", rounds) {
        try throughput(size) { try withExtendedLifetime(decoder.decode(Document.self, from: data)) { 1 } }
    } ours: {
        try throughput(size) { try withExtendedLifetime(JSONValue(parsing: bytes)) { 1 } }
    }
    try report("write \(name) (\(value.bytes().count) bytes)", rounds) {
        try throughput(size) { try encoder.encode(document).count }
    } ours: {
        throughput(size) { value.bytes().count }
    }
}

let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 7
try compare("event", Event.sample(7), rounds: rounds)
try compare("page", Page(cursor: "c_100", total: 112, events: (0..<112).map(Event.sample)), rounds: rounds)
