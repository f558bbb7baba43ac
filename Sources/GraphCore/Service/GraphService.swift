// Baton
// SPDX-License-Identifier: Apache-2.0

/// Answers questions about the graph of a document: JSON in, JSON out.
///
/// The server and the browser run this same code, and for the same input give the same bytes. See
/// `docs/graph-core.md` for the form of inputs and answers.
public enum GraphService {
    /// The answer as one line of JSON in UTF-8.
    ///
    /// - Parameter input: A workflow document as JSON, at most 16 MiB with 100,000 nodes; only its nodes and edges are
    ///   looked at, and `options`, if there are any. When it cannot be read, or the options do not fit, the answer is
    ///   `{"error": {"code", "message", "offset"}}`.
    public static func answer(_ function: GraphFunction, _ input: [UInt8]) -> [UInt8] {
        do {
            let graph = NamedGraph(try DocumentReader.read(input))
            return switch function {
            case .validate: Validation.answer(graph)
            case .waves: graph.wavesAnswer()
            case .cycle: try graph.closedCycleAnswer()
            case .redundant: graph.redundantEdgesAnswer()
            case .layout: graph.layoutAnswer()
            case .hints: Hints.answer(graph)
            }
        } catch {
            return error.answer()
        }
    }
}
