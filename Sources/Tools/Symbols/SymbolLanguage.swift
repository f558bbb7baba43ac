// Baton
// SPDX-License-Identifier: Apache-2.0

/// How a language says that it defines something, as far as one line tells.
struct SymbolLanguage: Sendable {
    /// For people.
    let name: String
    /// What a word before the name says about it.
    let keywords: [String: String]
    /// Names of fields and variables; those of deeper lines are local.
    var variables: Set<String> = []
    /// `TYPE NAME(…) {` defines a function.
    var hasBareFunctions = false
    /// `NAME(…) {` within a type does, too.
    var hasBareMethods = false
    /// `NAME = …` at the beginning of a line defines a variable.
    var hasAssignments = false
    /// `struct NAME` may be a use.
    var namesTypesInUses = false

    /// The language of a file, by the end of its name.
    static func of(_ path: String) -> SymbolLanguage? {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: ".") else { return nil }
        return byType[name[name.index(after: dot)...].lowercased()]
    }

    private static let byType: [String: SymbolLanguage] = {
        let all: [(SymbolLanguage, String)] = [
            (swift, "swift"), (rust, "rs"), (go, "go"), (python, "py pyi"), (script, "js jsx mjs cjs ts tsx mts cts"),
            (c, "c h"), (cpp, "cc cpp cxx hh hpp hxx"), (java, "java"), (csharp, "cs"), (kotlin, "kt kts"),
            (ruby, "rb"), (php, "php"), (shell, "sh bash zsh"), (proto, "proto"),
        ]
        var result: [String: SymbolLanguage] = [:]
        for (language, types) in all { for type in types.split(separator: " ") { result[String(type)] = language } }
        return result
    }()

    private static func same(_ words: String) -> [String: String] {
        Dictionary(uniqueKeysWithValues: words.split(separator: " ").map { (String($0), String($0)) })
    }

    private static let swift = SymbolLanguage(
        name: "Swift",
        keywords: same("class struct enum protocol actor typealias associatedtype macro var let case")
            .merging(["func": "function"]) { $1 },
        variables: ["var", "let"]
    )
    private static let rust = SymbolLanguage(
        name: "Rust",
        keywords: same("struct enum union trait type mod const static").merging([
            "fn": "function", "macro_rules!": "macro",
        ]) { $1 }
    )
    private static let go = SymbolLanguage(
        name: "Go",
        keywords: same("type var const").merging(["func": "function"]) { $1 },
        variables: ["var", "const"]
    )
    private static let python = SymbolLanguage(
        name: "Python",
        keywords: ["def": "function", "class": "class"],
        hasAssignments: true
    )
    private static let script = SymbolLanguage(
        name: "JavaScript",
        keywords: same("function class interface type enum namespace const let var").merging(["function*": "function"])
        { $1 },
        variables: ["const", "let", "var"],
        hasBareMethods: true
    )
    private static let c = SymbolLanguage(
        name: "C",
        keywords: same("struct union enum").merging(["#define": "macro"]) { $1 },
        hasBareFunctions: true,
        namesTypesInUses: true
    )
    private static let cpp = SymbolLanguage(
        name: "C++",
        keywords: same("class struct union enum namespace using concept").merging(["#define": "macro"]) { $1 },
        hasBareFunctions: true,
        namesTypesInUses: true
    )
    private static let java = SymbolLanguage(
        name: "Java",
        keywords: same("class interface enum record").merging(["@interface": "annotation"]) { $1 },
        hasBareFunctions: true,
        hasBareMethods: true
    )
    private static let csharp = SymbolLanguage(
        name: "C#",
        keywords: same("class interface enum struct record namespace delegate"),
        hasBareFunctions: true,
        hasBareMethods: true
    )
    private static let kotlin = SymbolLanguage(
        name: "Kotlin",
        keywords: same("class interface object typealias val var").merging(["fun": "function"]) { $1 },
        variables: ["val", "var"]
    )
    private static let ruby = SymbolLanguage(
        name: "Ruby",
        keywords: same("class module").merging(["def": "function"]) { $1 },
        hasAssignments: true
    )
    private static let php = SymbolLanguage(
        name: "PHP",
        keywords: same("function class interface trait enum const")
    )
    private static let shell = SymbolLanguage(
        name: "shell",
        keywords: ["function": "function"],
        hasBareMethods: true,
        hasAssignments: true
    )
    private static let proto = SymbolLanguage(name: "protobuf", keywords: same("message service rpc enum"))
}
