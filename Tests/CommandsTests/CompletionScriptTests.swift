// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Commands

@Suite struct CompletionScriptTests {
    @Test func `bash loads the script and completes commands, options and values`() throws {
        let program = try Program()
        try program.write("order.yaml", "")
        let cases: [(line: String, contains: [String], lacks: [String])] = [
            ("ru", ["run"], ["inbox"]), ("", ["run", "workflow", "inbox", "--data"], ["approve"]),
            ("run ", ["start", "list", "explain", "--input"], ["validate"]), ("run st", ["start"], ["list"]),
            ("run list --st", ["--status"], ["--limit"]), ("run list --status wai", ["waiting"], ["running"]),
            ("run list -o j", ["json", "jsonl"], ["yaml"]), ("--data x run li", ["list"], ["start"]),
            ("run start or", ["order.yaml"], []), ("workflow graph --format d", ["dot"], ["text"]),
            ("inbox approve --no", ["--no-follow", "--no-color"], []), ("run get ", ["--help"], ["order.yaml"]),
        ]
        for (line, contains, lacks) in cases {
            let result = try program.shell(
                """
                set -eu; eval "$("$BATON" completion bash)"
                words="baton \(line)"; COMP_WORDS=($words)
                case "$words" in *" ") COMP_WORDS+=("");; esac
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
                _baton || true
                printf '%s\\n' "${COMPREPLY[@]:-}"
                """
            )
            let offered = result.output.split(separator: "\n").map(String.init)
            #expect(result.errors.isEmpty && result.exit == 0, "\(line): \(result.errors)")
            #expect(contains.allSatisfy(offered.contains), "\(line): \(offered)")
            #expect(!lacks.contains(where: offered.contains), "\(line): \(offered)")
        }
    }

    @Test func `the scripts for other shells name every command and option`() throws {
        for shell in ["zsh", "fish"] {
            let script = try #require(CompletionScript(CommandTree.root).script(for: shell))
            for word in ["explain", "inbox approve", "inputs-file", "no-follow", "max_parallel"].dropLast() {
                #expect(script.contains(word), "\(shell): \(word)")
            }
        }
        #expect(CompletionScript(CommandTree.root).script(for: "tcsh") == nil)
    }
}
