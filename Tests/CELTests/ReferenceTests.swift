// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Testing

@Suite struct ReferenceTests {
    @Test func `every chain of a free name is a reference up to the first dynamic part`() throws {
        let table: [(String, String)] = [
            ("nodes.fetch.output.body[\"x\"].y", "nodes.fetch.output.body.x.y@0"),
            ("1 + 2", ""), ("a", "a@0"), (".a.b", "a.b@1"), ("(a.b).c", "a.b.c@1"), ("a[b.c].d", "a@0 b.c@2"),
            ("a[0].b", "a@0"),
            ("a.b.size()", "a.b@0"), ("size(a.b)", "a.b@5"), ("'ü' + a.b", "a.b@7"),
            ("f.startsWith(g.h)", "f@0 g.h@13"),
            ("xs.map(x, x.y + z.w)", "xs@0 z.w@16"), ("xs.map(x, .x.y)", "xs@0 x.y@11"),
            ("xs.map(x, x.z, x).y + x", "xs@0 x@22"),
            ("has(a.b.c)", "a.b.c@4?"), ("has(a.b) && a.b.c", "a.b@4? a.b.c@12"), ("has(a[i].b)", "a@4 i@6"),
            ("has(a.f().b)", "!unknownFunction"),
            ("has(a.trim().b)", "a@4"), ("default(a.b, c.d)", "a.b@8? c.d@13"),
            ("default(size(a.b) + 1, 0)", "a.b@13?"),
            ("default(xs.map(x, y.z), 0)", "xs@8? y.z@18?"), ("default(has(a.b) ? a.c : 1, d)", "a.b@12? a.c@19? d@28"),
            ("a ? b : c", "a@0 b@4 c@8"), ("[a, {b: c}]", "a@1 b@5 c@8"), ("!a || -b > c", "a@1 b@7 c@11"),
            ("int == type(a)", "a@12"),
            ("google.protobuf.Timestamp == t", "t@29"), ("google.x", "google.x@0"), ("a.b == a.b", "a.b@0 a.b@7"),
            ("ctx['id:out'].x", "ctx.id:out.x@0"),
        ]
        for (source, expected) in table {
            #expect(text(source) == expected, "\(source)")
        }
        #expect(try CELExpression("[1, 2].map(x, x * 2)").isConstant)
        #expect(try !CELExpression("has(a.b)").isConstant)
    }

    private func text(_ source: String) -> String {
        do {
            return try CELExpression(source).references.map {
                "\(([$0.root] + $0.path).joined(separator: "."))@\($0.offset)\($0.isTested ? "?" : "")"
            }.joined(separator: " ")
        } catch {
            return "!\(error.code.rawValue)"
        }
    }
}
