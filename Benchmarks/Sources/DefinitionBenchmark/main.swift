// Baton
// SPDX-License-Identifier: Apache-2.0

// Compiles large documents. The goals: 10,000 nodes in 150 ms, 100,000 nodes in 1.5 s, ten times the nodes in about ten
// times the time.
//
//     DefinitionBenchmark [ROUNDS] [SHAPE] [NODES]

import Definition
import Glibc
import JSON

/// A document of a shape with so many nodes, as compact JSON: a document has at most 4 MiB.
enum Shape: String, CaseIterable {
    /// Each node depends on the one before.
    case chain
    /// Each second node depends on the one before: as many nodes as a document can hold.
    case pairs
    /// Layers of 100; each node depends on two of the layer before.
    case layers
    /// Layers of 100, and each node reads its source.
    case expressions

    func document(nodes: Int) -> [UInt8] {
        var text = "{\"workflow\":\"w\",\"nodes\":["
        for index in 0..<nodes {
            if index > 0 { text += "," }
            text += node(index)
        }
        return Array((text + "]}").utf8)
    }

    private func node(_ index: Int) -> String {
        let name = Self.name(index)
        switch self {
        case .chain:
            return Self.node(name, after: index == 0 ? [] : [Self.name(index - 1)])
        case .pairs:
            return Self.node(name, after: index % 2 == 0 ? [] : [Self.name(index - 1)])
        case .layers:
            guard index >= Self.width else { return Self.node(name, after: []) }
            let next = index / Self.width * Self.width - Self.width + (index + 1) % Self.width
            return Self.node(name, after: [Self.name(index - Self.width), Self.name(next)])
        case .expressions:
            guard index >= Self.width else { return Self.node(name, after: []) }
            let source = Self.name(index - Self.width)
            let config = "\"config\":{\"x\":\"${ctx.\(source)}\"},"
            return "{\"id\":\"\(name)\",\"type\":\"t\",\(config)\"depends_on\":[\"\(source)\"]}"
        }
    }

    private static let width = 100

    private static func node(_ name: String, after sources: [String]) -> String {
        let list = sources.map { "\"\($0)\"" }.joined(separator: ",")
        return "{\"id\":\"\(name)\",\"type\":\"t\"" + (list.isEmpty ? "" : ",\"depends_on\":[\(list)]") + "}"
    }

    /// Three letters are enough for 140,608 nodes.
    private static func name(_ index: Int) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        let bytes = [index / 2704 % 52, index / 52 % 52, index % 52].map { letters[$0] }
        let text = String(decoding: bytes, as: UTF8.self)
        // Words of the expression language.
        return ["for", "let", "var"].contains(text) ? text + "_" : text
    }

    /// The most nodes that fit into 4 MiB, up to 100,000.
    var mostNodes: Int {
        switch self {
        case .chain: 90_000
        case .pairs: 100_000
        case .layers: 80_000
        case .expressions: 55_000
        }
    }
}

/// Time on the processor: what a shared machine does meanwhile does not count.
func milliseconds(_ body: () -> Void) -> Double {
    let start = clock()
    body()
    return Double(clock() - start) / Double(CLOCKS_PER_SEC) * 1000
}

func fail(_ message: String) -> Never {
    print("DefinitionBenchmark: \(message)")
    exit(1)
}

let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 5
let wanted = CommandLine.arguments.dropFirst(2).first.flatMap(Shape.init)
let wantedNodes = CommandLine.arguments.dropFirst(3).first.flatMap { Int($0) }
let tool = try Registry.Tool(name: "t", input: ["type": "object"])
let compiler = Compiler(registry: Registry(tools: [tool]))

for shape in Shape.allCases where wanted == nil || wanted == shape {
    var base: Double?
    for nodes in wantedNodes.map({ [$0] }) ?? [1000, 10_000, shape.mostNodes] {
        let text = shape.document(nodes: nodes)
        var times: [Double] = []
        var count = 0
        for _ in 0..<rounds {
            times.append(
                milliseconds {
                    let result = compiler.compile(text: text, fileName: "bench.json")
                    count = result.graph?.nodes.count ?? 0
                    if result.graph == nil { fail("\(shape): \(result.errors.first?.message ?? "")") }
                }
            )
        }
        if count != nodes { fail("\(shape): \(count) nodes") }
        times.sort()
        let middle = times[times.count / 2]
        let each = middle * 1000 / Double(nodes)
        let growth = base.map { ", \(Int(each / $0 * 100)) % of the time a node takes in 1,000" } ?? ""
        base = base ?? each
        print(
            "\(shape.rawValue): \(nodes) nodes (\(text.count / 1024) KiB): \(Int(middle)) ms "
                + "(\(Int(times[0]))–\(Int(times[times.count - 1]))), \(Int(each * 1000)) ns a node\(growth)"
        )
    }
}
