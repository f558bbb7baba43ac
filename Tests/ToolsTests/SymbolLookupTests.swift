// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Tools

@Suite(.timeLimit(.minutes(5))) struct SymbolLookupTests {
    /// Lines with the kind that `name` has there; nil where it is used, called or spoken of.
    private static let lines: [(file: String, line: String, kind: String?)] = [
        ("a.swift", "    public static func name(_ x: Int) -> Int {", "function"),
        ("a.swift", "struct name: Sendable {", "struct"), ("a.swift", "    private let name: Int", "let"),
        ("a.swift", "        let name = 1", nil), ("a.swift", "    if let name = x {", nil),
        ("a.swift", "    case name", "case"), ("a.swift", "    x.name(1) {", nil), ("a.swift", "func names() {}", nil),
        ("a.swift", "// func name()", nil), ("a.swift", "    func other(name: Int) {}", nil),
        ("a.swift", "    associatedtype name", "associatedtype"),
        ("a.rs", "pub async fn name<T>(x: T) {", "function"), ("a.rs", "    static mut name: u8 = 0;", "static"),
        ("a.rs", "macro_rules! name {", "macro"), ("a.rs", "    let y = name();", nil), ("a.rs", "    name!(1)", nil),
        ("a.go", "func (s *Server) name(ctx Context) error {", "method"), ("a.go", "func name() {", "function"),
        ("a.go", "type name struct {", "type"), ("a.go", "\t\tvar name int", nil), ("a.go", "\tname := 1", nil),
        ("a.py", "    async def name(self):", "function"), ("a.py", "class name(Base):", "class"),
        ("a.py", "name = 1", "variable"), ("a.py", "name: int = 1", "variable"), ("a.py", "name == 1", nil),
        ("a.py", "    name = 1", nil), ("a.py", "# def name():", nil), ("a.py", "import name", nil),
        ("a.ts", "export default async function name() {", "function"),
        ("a.ts", "export const name = () => 1", "const"),
        ("a.ts", "  async name(x: number): Promise<void> {", "function"),
        ("a.ts", "export interface name {", "interface"),
        ("a.ts", "  if (name(x)) {", nil), ("a.ts", "name(x, () => {", nil), ("a.ts", "  return name(x) {", nil),
        ("a.ts", "      const name = 1", nil), ("a.js", "function* name() {", "function"),
        ("a.c", "static int *name(const char *x)", "function"), ("a.c", "int name(void) {", "function"),
        ("a.c", "    name(x);", nil), ("a.c", "    int x = name(y);", nil), ("a.c", "int name(void);", nil),
        ("a.c", "#define name 1", "macro"), ("a.c", "struct name {", "struct"), ("a.c", "struct name *x;", nil),
        ("a.c", "struct name;", nil), ("a.c", "typedef unsigned name;", "type"), ("a.c", "    if (name(x)) {", nil),
        ("a.cpp", "void Type::name(int x) const {", "function"), ("a.cpp", "enum class name {", "enum"),
        ("a.cpp", "using name = int;", "using"), ("a.cpp", "class name final : public Base {", "class"),
        ("a.java", "    public static List<String> name(int x) {", "function"),
        ("a.java", "record name(int x) {", "record"),
        ("a.java", "        return name(x);", nil), ("a.java", "        new name() {", nil),
        ("a.cs", "    public async Task<int> name(int x) {", "function"), ("a.kt", "suspend fun name() {", "function"),
        ("a.kt", "data class name(val x: Int)", "class"), ("a.rb", "  def self.name", "function"),
        ("a.rb", "module name", "module"), ("a.php", "    public function name() {", "function"),
        ("a.sh", "name() {", "function"), ("a.sh", "name=1", "variable"), ("a.sh", "  name x", nil),
        ("a.proto", "  rpc name(Request) returns (Reply);", "rpc"),
    ]

    @Test func `definitions are told from uses by how a line looks`() throws {
        for (file, line, kind) in Self.lines {
            let language = try #require(SymbolLanguage.of(file), "\(file)")
            let found = SymbolFinder("name").definitions(in: Array("\r\n\(line)\r\n".utf8), language)
            #expect(found.first?.kind == kind, "\(file): \(line)")
            if kind != nil { #expect(found.count == 1 && found.first?.line == 2, "\(file): \(line)") }
        }
        #expect(SymbolLanguage.of("Makefile") == nil && SymbolLanguage.of("a.txt") == nil)
    }

    @Test func `files of the workspace are looked through in order, within limits`() async throws {
        try await withFolder { folder in
            try put("func start() {}\nlet x = start()\n", "\(folder)/b.swift")
            try put("def start():\n    pass\n", "\(folder)/a/one.py")
            try put("def start():\n", "\(folder)/node_modules/two.py")
            try put("start() {\n", "\(folder)/c.txt")
            try put("func start() {}\n" + String(repeating: "//\n", count: 1 << 19), "\(folder)/large.swift")
            let context = context(folder)
            let output = try await call("lookup.symbol", ["name": "start"], context)
            let places = output["definitions"]?.arrayValue?.map {
                "\($0["path"]?.stringValue ?? ""):\($0["line"]?.text ?? "")"
            }
            #expect(places == ["a/one.py:1", "b.swift:1"], "\(output.text)")
            #expect(output["files"] == 2 && output["truncated"] == false)
            let one = try await call("lookup.symbol", ["name": "start", "limit": 1], context)
            #expect(one["definitions"]?.arrayValue?.count == 1 && one["truncated"] == true)
            let some = try await call("lookup.symbol", ["name": "start", "glob": "*.swift"], context)
            #expect(some["definitions"]?[0]?["text"] == "func start() {}" && some["files"] == 1)
            #expect(try await call("lookup.symbol", ["name": "start", "path": "a/one.py"], context)["files"] == 1)
            #expect(try await failure("lookup.symbol", ["name": "a b"], context).code == "validation.failed")
            #expect(try await failure("lookup.symbol", ["name": "a", "path": "../x"], context).code == "tool.denied")
        }
    }
}
