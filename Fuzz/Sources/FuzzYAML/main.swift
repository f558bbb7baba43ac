// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Driver

let compiler = Compiler(registry: Registry())

// Any text gives a graph or at least one error, whose positions are in the text.
fuzz { start, count in
    let text = bytes(start, count)
    let result = compiler.compile(text: text, fileName: "fuzz.yaml")
    require(result.graph != nil || !result.errors.isEmpty, "neither a graph nor an error")
    for diagnostic in result.diagnostics {
        require((1...text.count + 2).contains(diagnostic.line) && diagnostic.column >= 1, "a position outside the text")
        _ = diagnostic.json
    }
    return 0
}
