// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore
import Testing

/// The browser and the server give the same answers, byte for byte.
@Suite struct ParityTests {
    private static let corpus = Corpus(right: 1_200, broken: 600)

    @Test(.enabled(if: WasmBuild.shared?.runners.isEmpty == false, "no Embedded Swift for wasm, or nothing to run it"))
    func `the WebAssembly build answers every document like this one, right or broken`() throws {
        let build = try #require(WasmBuild.shared)
        try #require(build.isBuilt, "scripts/wasm/build fails")
        let (questions, expected) = (Self.corpus.questions, Self.corpus.answers)
        for runner in build.runners {
            let answers = build.answers(to: questions, with: runner) ?? []
            #expect(answers.count == expected.count, "\(runner.name) failed")
            let different = zip(answers, expected).enumerated().filter { $0.element.0 != $0.element.1 }
            #expect(different.isEmpty, "\(runner.name): \(different.count) of \(expected.count) differ")
            guard let (index, pair) = different.first else { continue }
            let question = "\(questions[index].function) of \(text(questions[index].input))"
            Issue.record("\(question) is \(text(pair.0)), not \(text(pair.1))")
        }
    }

    @Test
    func `documents of the generator reach every answer`() {
        let words =
            ["E101", "E102", "E105", "E106", "E107", "E108", "E201", "E202", "E203", "E204", "E205", "E206", "E214"]
            + ["W201", "W203", "H702", "H704", "H706", "did you mean", "\"back\":true", "\"cycle\":[", "[[\""]
        let answers = Self.corpus.answers.map(text)
        for word in words { #expect(answers.count { $0.contains(word) } >= 5, "\(word)") }
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Questions, and the answers of this build.
private struct Corpus {
    let questions: [(function: GraphFunction, input: [UInt8])]
    let answers: [[UInt8]]

    init(right: Int, broken: Int) {
        var generator = GraphGenerator(seed: 20)
        let inputs =
            (0..<right).map { _ in generator.document() } + (0..<broken).map { _ in generator.brokenDocument() }
        questions = inputs.flatMap { input in GraphFunction.allCases.map { ($0, input) } }
        answers = questions.map { GraphService.answer($0.function, $0.input) }
    }
}
