// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Providers
import Testing

@Suite struct ReplyStreamTests {
    @Test func `every form of stream is read as what it says`() throws {
        for transcript in Transcript.all {
            let bytes = try transcript.bytes()
            let (_, result) = transcript.read([bytes[...]])
            #expect(Transcript.summary(result) == transcript.says, "\(transcript.file)")
            guard case .success(let reply) = result else { continue }
            #expect(reply.requestID == "req", "\(transcript.file)")
            #expect(try ModelReply(json: reply.json) == reply, "\(transcript.file)")
        }
    }

    @Test func `where the bytes are cut does not matter`() throws {
        for transcript in Transcript.all {
            let bytes = try transcript.bytes()
            let whole = transcript.read([bytes[...]])
            let single = transcript.read(bytes.indices.map { bytes[$0...$0] })
            #expect(single.chunks == whole.chunks, "\(transcript.file)")
            #expect(Transcript.summary(single.result) == transcript.says, "\(transcript.file)")
            var differing: [Int] = []
            for place in stride(from: 0, to: bytes.count, by: 11) {
                let halves = transcript.read([bytes[..<place], bytes[place...]])
                if Transcript.summary(halves.result) != transcript.says { differing.append(place) }
            }
            #expect(differing.isEmpty, "\(transcript.file)")
        }
    }

    @Test func `a stream that ends anywhere is the answer, or an error that may be repeated and may cost`() throws {
        for transcript in Transcript.all {
            let bytes = try transcript.bytes()
            let whole = transcript.read([bytes[...]])
            var wrong: [String] = []
            var (stream, chunks): (ReplyStream, [ModelChunk]) = (transcript.stream(), [])
            for place in bytes.indices {
                let result = Transcript.end(stream)
                if !whole.chunks.starts(with: chunks) { wrong.append("\(place): other chunks") }
                chunks += stream.feed(bytes[place...place])
                switch (result, whole.result) {
                case (.success(let reply), .success(let other)):
                    let isSame = reply.parts == other.parts && reply.stopReason == other.stopReason
                    let isCounted = reply.usage == other.usage || reply.usage.certainty == .unknown
                    if !isSame || !isCounted { wrong.append("\(place): \(Transcript.summary(result))") }
                case (.success, .failure): wrong.append("\(place): no error")
                case (.failure(let error), _):
                    let isCut =
                        error.code == "provider.failed" && error.errorClass == .transient && error.mayBeCharged
                        && error.mayHaveLeft && error.partial?.stopReason == .cut
                        && error.partial?.usage.certainty == .unknown
                    if !isCut, Transcript.summary(result) != transcript.says { wrong.append("\(place): \(error)") }
                }
            }
            #expect(wrong.isEmpty, "\(transcript.file)")
        }
    }

    @Test func `no bytes make a stream crash`() throws {
        var generator = SystemRandomNumberGenerator()
        for transcript in Transcript.all {
            let bytes = try transcript.bytes()
            for _ in 1...200 {
                var broken = bytes
                for _ in 1...Int.random(in: 1...5, using: &generator) {
                    broken[Int.random(in: broken.indices, using: &generator)] = UInt8.random(
                        in: 0...255,
                        using: &generator
                    )
                }
                _ = transcript.read([broken[...]])
            }
        }
    }

    @Test(arguments: [
        "9223372036854775807", "-9223372036854775808", "99999999999", "1e300", "-1", "0.5", "true", #""9""#,
    ])
    func `no number makes a stream crash, and what cannot be true is no usage`(_ number: String) throws {
        for transcript in Transcript.all {
            let text = try Golden.text(transcript.file)
            let places = text.matches(of: /:\s?(\d+)(?=[,}])/).map(\.output.1)
            // All of them, and each alone.
            for chosen in [places] + places.map({ [$0] }) {
                var broken = text
                for place in chosen.reversed() {
                    broken.replaceSubrange(place.startIndex..<place.endIndex, with: number)
                }
                let reply = try? transcript.read([Array(broken.utf8)[...]]).result.get()
                #expect(reply?.usage.isPlausible != false, "\(transcript.file)")
                if chosen.count > 1, let reply { #expect(reply.usage == .unknown, "\(transcript.file) \(number)") }
            }
        }
    }

    @Test func `half of a surrogate pair becomes a replacement character`() throws {
        var stream = ReplyStream(.chatCompletions, to: Transcript.request, provider: "p")
        let text =
            #"data: {"choices":[{"delta":{"content":"a\ud83d \\u \ud83d\ude00"},"finish_reason":"stop"}]}"# + "\n\n"
        _ = stream.feed(Array(text.utf8))
        let reply = try stream.finish()
        #expect(reply.text == "a\u{fffd} \\u 😀")
    }

    @Test func `usage that does not add up counts as read anew`() throws {
        var stream = ReplyStream(.responses, to: Transcript.request, provider: "p")
        let text =
            #"data: {"type":"response.completed","response":{"usage":{"input_tokens":5,"#
            + #""input_tokens_details":{"cached_tokens":9},"output_tokens":2}}}"# + "\n\n"
        _ = stream.feed(Array(text.utf8))
        let reply = try stream.finish()
        #expect(reply.usage == ModelUsage(input: 5, output: 2))
        #expect(reply.notes == ["usage.inconsistent: cached 9 and written 0 of 5"])
    }
}
