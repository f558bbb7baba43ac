// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import GraphCore

/// Builds GraphCore for WebAssembly and runs it.
struct WasmBuild: Sendable {
    /// A way to run the module.
    struct Runner: Sendable {
        let name: String
        /// Shell text; answers questions from one file into another.
        let command: @Sendable (_ questions: String, _ answers: String) -> String
    }

    /// Built once for all tests; `nil` if this toolchain cannot.
    static let shared: WasmBuild? = WasmBuild()

    let isBuilt: Bool
    /// What of these is installed. The toolchain itself brings one.
    let runners: [Runner]

    private static let root = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }

    private init?() {
        let status = system("'\(Self.root)/scripts/wasm/build'")
        // How the script says that Embedded Swift is missing.
        if status == 3 << 8 { return nil }
        isBuilt = status == 0
        let (folder, script) = ("\(Self.root)/.build/wasm", "\(Self.root)/scripts/wasm/answers.mjs")
        let all = [
            Runner(name: "wasmkit") { "wasmkit run '\(folder)/graph-batch.wasm' < '\($0)' > '\($1)'" },
            Runner(name: "node") { "node '\(script)' '\(folder)/graph.wasm' '\($0)' '\($1)'" },
            Runner(name: "deno") { "deno run -A '\(script)' '\(folder)/graph.wasm' '\($0)' '\($1)'" },
        ]
        runners = all.filter { Self.shell("command -v \($0.name) > /dev/null") }
    }

    /// The answers to questions, in order; `nil` if the module or its runner failed.
    func answers(to questions: [(function: GraphFunction, input: [UInt8])], with runner: Runner) -> [[UInt8]]? {
        var bytes: [UInt8] = []
        for (function, input) in questions {
            bytes.append(function.rawValue)
            for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: input.count >> shift)) }
            bytes += input
        }
        let stem = "\(Self.root)/.build/wasm/parity-\(getpid())-\(runner.name)"
        let (asked, answered) = ("\(stem).questions", "\(stem).answers")
        defer {
            unlink(asked)
            unlink(answered)
        }
        guard Self.write(bytes, to: asked), Self.shell(runner.command(asked, answered)),
            let output = Self.read(answered)
        else { return nil }
        return Self.split(output)
    }

    private static func split(_ bytes: [UInt8]) -> [[UInt8]]? {
        var answers: [[UInt8]] = []
        var position = 0
        while position < bytes.count {
            guard position + 4 <= bytes.count else { return nil }
            let length = (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << ($1 * 8) }
            position += 4
            guard position + length <= bytes.count else { return nil }
            answers.append(Array(bytes[position..<position + length]))
            position += length
        }
        return answers
    }

    // MARK: - system

    private static func shell(_ command: String) -> Bool { system(command) == 0 }

    private static func write(_ bytes: [UInt8], to path: String) -> Bool {
        guard let file = fopen(path, "w") else { return false }
        let written = fwrite(bytes, 1, bytes.count, file)
        return fclose(file) == 0 && written == bytes.count
    }

    private static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }
}
