// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
public import JSON
import Model

/// How providers write calls for vectors.
public enum EmbeddingWire {
    /// Longer vectors are taken for a mistake.
    private static let longestVector = 16_384

    /// The body of a call.
    public static func body(_ texts: [String], model: String, as format: WireFormat) -> JSONValue {
        let input = JSONValue.array(texts.map(JSONValue.string))
        return format == .ollama
            ? ["model": .string(model), "input": input, "truncate": true]
            : ["model": .string(model), "input": input, "encoding_format": "float"]
    }

    /// Reads an answer; `nil` when it has not one vector for each of so many texts, all of one length and of finite numbers.
    public static func read(_ json: JSONValue, count: Int, as format: WireFormat) -> EmbeddingReply? {
        var vectors = [[Float]?](repeating: nil, count: count)
        let tokens: Int64?
        if format == .ollama {
            let list = json["embeddings"]?.arrayValue ?? []
            guard list.count == count else { return nil }
            for (place, item) in list.enumerated() { vectors[place] = vector(item) }
            tokens = json["prompt_eval_count"]?.intValue
        } else {
            let list = json["data"]?.arrayValue ?? []
            guard list.count == count else { return nil }
            for (place, item) in list.enumerated() {
                let index = item["index"]?.intValue.flatMap { Int(exactly: $0) } ?? place
                guard vectors.indices.contains(index), vectors[index] == nil else { return nil }
                vectors[index] = item["embedding"].flatMap(vector)
            }
            let usage = json["usage"]
            tokens = usage?["prompt_tokens"]?.intValue ?? usage?["total_tokens"]?.intValue
        }
        let whole = vectors.compactMap(\.self)
        guard whole.count == count, let length = whole.first?.count, whole.allSatisfy({ $0.count == length }) else {
            return nil
        }
        let usage = tokens.flatMap { Int(exactly: $0) }.map { ModelUsage(input: $0) } ?? .unknown
        return EmbeddingReply(vectors: whole, usage: usage.isPlausible ? usage : .unknown)
    }

    private static func vector(_ json: JSONValue) -> [Float]? {
        let list = json.arrayValue?.map { $0.doubleValue.map { Float($0) } ?? .nan }
        let numbers = json.stringValue.map(unpacked) ?? list ?? []
        guard (1...longestVector).contains(numbers.count), numbers.allSatisfy(\.isFinite) else { return nil }
        return numbers
    }

    // MARK: In the provider's place

    /// An answer as a provider would write it.
    ///
    /// - Parameter isPacked: Numbers as base64 of their four bytes each, which clients of OpenAI ask for.
    public static func write(
        _ reply: EmbeddingReply,
        model: String,
        as format: WireFormat,
        isPacked: Bool = false
    ) -> JSONValue {
        func numbers(_ vector: [Float]) -> JSONValue {
            isPacked ? .string(packed(vector)) : .array(vector.map { .double(Double($0)) })
        }
        let tokens = JSONValue.int(Int64(reply.usage.input))
        guard format != .ollama else {
            return [
                "model": .string(model), "embeddings": .array(reply.vectors.map(numbers)), "total_duration": 0,
                "load_duration": 0, "prompt_eval_count": tokens,
            ]
        }
        let data = reply.vectors.enumerated().map { index, vector -> JSONValue in
            ["object": "embedding", "index": .int(Int64(index)), "embedding": numbers(vector)]
        }
        return [
            "object": "list", "model": .string(model), "data": .array(data),
            "usage": ["prompt_tokens": tokens, "total_tokens": tokens],
        ]
    }

    private static func packed(_ vector: [Float]) -> String {
        Base64.encode(FloatBytes.bytes(vector), .standard, isPadded: true)
    }

    private static func unpacked(_ text: String) -> [Float] {
        guard let bytes = Base64.decode(text.filter { $0 != "=" }, .standard), bytes.count % 4 == 0 else { return [] }
        return FloatBytes.numbers(bytes)
    }
}
