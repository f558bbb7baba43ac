// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore
import JSON
import Testing

@Suite struct LayoutTests {
    private func layout(_ document: String) throws -> Picture {
        try #require(Picture(JSONValue(parsing: GraphService.answer(.layout, Array(document.utf8)))))
    }

    private func document(
        _ count: Int,
        _ edges: [(Int, Int)],
        _ options: String = "",
        size: (Int) -> String = { _ in "" }
    ) -> String {
        let nodes = (0..<count).map { "{\"id\":\"n\($0)\"\(size($0))}" }.joined(separator: ",")
        let edges = edges.map { "{\"from\":\"n\($0.0)\",\"to\":\"n\($0.1)\"}" }.joined(separator: ",")
        return "{\"nodes\":[\(nodes)],\"edges\":[\(edges)],\"options\":{\(options)}}"
    }

    @Test
    func `a chain is straight and its layers follow the waves`() throws {
        let picture = try layout(document(3, [(0, 1), (1, 2)]))
        #expect(picture.nodes.map { $0.x } == [0, 268, 536])
        #expect(picture.nodes.map { $0.y } == [0, 0, 0])
        #expect((picture.width, picture.height) == (740, 54))
        #expect(
            picture.edges.map { $0.points } == [
                [204, 27, 204, 27, 268, 27, 268, 27], [472, 27, 472, 27, 536, 27, 536, 27],
            ]
        )
        let down = try layout(document(3, [(0, 1), (1, 2)], #""direction":"down","layer_gap":10"#))
        #expect(down.nodes.map { $0.y } == [0, 64, 128])
        #expect(down.nodes.map { $0.x } == [0, 0, 0])
    }

    @Test
    func `a long edge is straight where it can be`() throws {
        let picture = try layout(document(5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]))
        let long = try #require(picture.edges.last).points
        let middle = stride(from: 1, to: long.count, by: 2).map { long[$0] }.dropFirst(4).dropLast(4)
        #expect(Set(middle).count == 1, "\(long)")
        #expect(picture.nodes[1].y == picture.nodes[2].y && picture.nodes[2].y == picture.nodes[3].y)
    }

    @Test
    func `crossings that can be avoided are avoided`() throws {
        // Two chains whose nodes are listed crosswise.
        let picture = try layout(document(6, [(0, 3), (3, 4), (1, 2), (2, 5)]))
        let (first, second) = (picture.nodes[0].y < picture.nodes[1].y, picture.nodes[3].y < picture.nodes[2].y)
        #expect(first == second)
        #expect(picture.nodes[0].y == picture.nodes[3].y && picture.nodes[3].y == picture.nodes[4].y)
    }

    @Test
    func `nodes do not overlap and edges pass under no node`() throws {
        var random = SplitMix(state: 3)
        for round in 0..<150 {
            let count = 2 + random.below(18)
            let edges = (0..<random.below(30)).map { _ -> (Int, Int) in
                let (a, b) = (random.below(count), random.below(count))
                return round % 3 == 0 ? (a, b) : (min(a, b), max(a, b))
            }
            let gap = random.below(30)
            let sizes = (0..<count).map { _ in (20 + random.below(200), 10 + random.below(90)) }
            let direction = round % 2 == 0 ? "right" : "down"
            let text = document(count, edges, "\"direction\":\"\(direction)\",\"node_gap\":\(gap)") {
                ",\"width\":\(sizes[$0].0),\"height\":\(sizes[$0].1)"
            }
            let picture = try layout(text)
            check(picture, gap: round % 2 == 0 ? (0, gap) : (gap, 0), "round \(round): \(text)")
        }
    }

    private func check(_ picture: Picture, gap: (x: Int, y: Int), _ name: Comment) {
        for (index, node) in picture.nodes.enumerated() {
            #expect(node.x >= 0 && node.y >= 0, name)
            #expect(node.x + node.w <= picture.width && node.y + node.h <= picture.height, name)
            for other in picture.nodes.dropFirst(index + 1) {
                #expect(!node.grown(gap.x, gap.y).overlaps(other), name)
            }
        }
        for edge in picture.edges {
            #expect(edge.points.count % 6 == 2, name)
            for (x, y) in edge.samples() {
                let hit = picture.nodes.first { $0.grown(-0.01, -0.01).contains(x, y) }
                #expect(hit == nil, "\(edge.from) → \(edge.to) passes under \(hit?.id ?? ""), \(name)")
            }
        }
    }

    @Test
    func `down is right with both axes exchanged`() throws {
        let edges = [(0, 1), (0, 2), (1, 3), (2, 3), (3, 0), (4, 4), (0, 5), (5, 3)]
        let size = #","width":100,"height":100"#
        let right = try layout(document(6, edges) { _ in size })
        let down = try layout(document(6, edges, #""direction":"down""#) { _ in size })
        #expect(right.nodes.map { [$0.x, $0.y] } == down.nodes.map { [$0.y, $0.x] })
        #expect(right.edges.map { $0.back } == down.edges.map { $0.back })
        #expect(right.edges.contains { $0.back })
    }

    @Test
    func `too many long edges are drawn in one stroke`() throws {
        let edges = (1..<150).map { ($0 - 1, $0) } + (0..<75).flatMap { a in (100..<150).map { (a, $0) } }
        let picture = try layout(document(150, edges))
        #expect(picture.edges.allSatisfy { $0.points.count >= 8 })
        #expect(picture.edges.contains { $0.points.count == 8 && $0.from == "n0" && $0.to == "n149" })
    }
}

/// An answer.
private struct Picture {
    struct Node {
        let id: String
        let x, y, w, h: Int

        func grown(_ dx: Double, _ dy: Double) -> Box {
            Box(left: Double(x) - dx, top: Double(y) - dy, right: Double(x + w) + dx, bottom: Double(y + h) + dy)
        }

        func grown(_ dx: Int, _ dy: Int) -> Box { grown(Double(dx), Double(dy)) }
    }

    struct Box {
        let left, top, right, bottom: Double

        func overlaps(_ node: Node) -> Bool {
            let other = node.grown(0, 0)
            return left < other.right && other.left < right && top < other.bottom && other.top < bottom
        }

        func contains(_ x: Double, _ y: Double) -> Bool { x > left && x < right && y > top && y < bottom }
    }

    struct Edge {
        let from, to: String
        let back: Bool
        let points: [Int]

        /// Points on the curves.
        func samples() -> [(Double, Double)] {
            stride(from: 0, to: points.count - 2, by: 6).flatMap { start in
                (0...20).map { step in
                    let t = Double(step) / 20
                    let s = 1 - t
                    func at(_ axis: Int) -> Double {
                        let p = (0..<4).map { Double(points[start + $0 * 2 + axis]) }
                        return s * s * s * p[0] + 3 * s * s * t * p[1] + 3 * s * t * t * p[2] + t * t * t * p[3]
                    }
                    return (at(0), at(1))
                }
            }
        }
    }

    let width, height: Int
    let nodes: [Node]
    let edges: [Edge]

    init?(_ answer: JSONValue) {
        func number(_ value: JSONValue, _ key: String) -> Int { Int(value[key]?.intValue ?? .min) }
        guard let nodes = answer["nodes"]?.arrayValue, let edges = answer["edges"]?.arrayValue else { return nil }
        width = number(answer, "width")
        height = number(answer, "height")
        self.nodes = nodes.map { node in
            let place = (number(node, "x"), number(node, "y"), number(node, "w"), number(node, "h"))
            return Node(id: node["id"]?.stringValue ?? "", x: place.0, y: place.1, w: place.2, h: place.3)
        }
        self.edges = edges.map { edge in
            Edge(
                from: edge["from"]?.stringValue ?? "",
                to: edge["to"]?.stringValue ?? "",
                back: edge["back"]?.boolValue ?? false,
                points: (edge["points"]?.arrayValue ?? []).map { Int($0.intValue ?? .min) }
            )
        }
    }
}
