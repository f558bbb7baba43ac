// Baton
// SPDX-License-Identifier: Apache-2.0

/// Masks secrets in bytes that come in pieces, whatever the pieces are.
///
/// It holds back at most as many bytes as the longest spelling of a secret, and only while they may be the beginning of
/// one. Time is linear in the bytes.
public struct MaskingStream: Sendable {
    /// A span to be masked, by its place in the stream.
    private struct Span {
        var start: Int
        var end: Int
        /// The mask was given out already; the rest of the span is dropped.
        var isShown = false
    }

    private let automaton: PatternAutomaton
    private var state = PatternAutomaton.start
    /// Bytes that were not given out, from place `base` on.
    private var pending: [UInt8] = []
    private var base = 0
    /// Spans that are not over, in order, none touching another.
    private var spans: [Span] = []

    init(_ automaton: PatternAutomaton) {
        self.automaton = automaton
    }

    /// Takes the next bytes in, and gives what is certain by now.
    public mutating func mask(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        for byte in bytes {
            pending.append(byte)
            state = automaton.next(state, byte)
            let match = automaton.match(state)
            if match > 0 { add(Span(start: base + pending.count - match, end: base + pending.count)) }
            // A moment at which nothing is held back is common, and moving bytes each time would cost the square.
            if pending.count - automaton.depth(state) >= 1024 { release(into: &output) }
        }
        release(into: &output)
        return output
    }

    /// Gives the rest, and begins anew.
    public mutating func finish() -> [UInt8] {
        var output: [UInt8] = []
        state = PatternAutomaton.start
        release(into: &output)
        return output
    }

    /// How many bytes wait for what comes.
    var heldBack: Int { pending.count }

    private mutating func add(_ span: Span) {
        var span = span
        while let last = spans.last, last.end > span.start {
            span.start = min(span.start, last.start)
            span.isShown = span.isShown || last.isShown
            spans.removeLast()
        }
        spans.append(span)
    }

    /// Gives out what no later match can reach.
    private mutating func release(into output: inout [UInt8]) {
        let limit = base + pending.count - automaton.depth(state)
        var place = base
        var done = 0
        for index in spans.indices {
            guard spans[index].start < limit else { break }
            if place < spans[index].start { output += pending[(place - base)..<(spans[index].start - base)] }
            if !spans[index].isShown { output += Masker.mask.utf8 }
            spans[index].isShown = true
            if spans[index].end > limit {
                spans[index].start = limit
                place = limit
                break
            }
            place = spans[index].end
            done += 1
        }
        if place < limit { output += pending[(place - base)..<(limit - base)] }
        spans.removeFirst(done)
        pending.removeFirst(limit - base)
        base = limit
    }
}
