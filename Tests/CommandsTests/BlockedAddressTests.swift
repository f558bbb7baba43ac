// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct BlockedAddressTests {
    /// Ways to write addresses of this machine and its network; PORT is that of a service that counts requests.
    private static let urls = [
        "http://127.0.0.1:PORT/", "http://127.1:PORT/", "http://2130706433:PORT/", "http://0x7f.1:PORT/",
        "http://017700000001:PORT/", "http://localhost:PORT/", "http://LOCALHOST.:PORT/", "http://[::1]:PORT/",
        "http://[::ffff:127.0.0.1]:PORT/", "http://[::ffff:7f00:1]:PORT/", "http://0.0.0.0:PORT/",
        "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://[fe80::1]/",
        "file:///etc/passwd", "gopher://127.0.0.1:PORT/", "http://user:secret@127.0.0.1:PORT/",
    ]

    @Test func `addresses in a document are refused when it is checked`() throws {
        let program = try Program()
        let nodes = Self.urls.enumerated().map { index, url in
            "  - {id: n\(index), type: http, config: {url: '\(url.replacing("PORT", with: "80"))'}}"
        }
        try program.write("flow.yaml", "workflow: blocked\nnodes:\n\(nodes.joined(separator: "\n"))\n")
        let result = try program.baton("run flow.yaml")
        #expect(result.exit == 2)
        for (index, url) in Self.urls.enumerated() {
            #expect(result.errors.contains("flow.yaml:\(index + 3):") && result.errors.contains("E405"), "\(url)")
        }
        #expect(result.errors.split(separator: "\n").filter { $0.contains(" error E405: ") }.count == Self.urls.count)
        #expect(try program.shell("ls data").exit != 0)
    }

    @Test func `addresses that come with the inputs are refused before a request leaves`() throws {
        let program = try Program()
        let nodes = Self.urls.indices.map { index in
            "  - {id: n\(index), type: http, continue_on_failure: true, config: {url: '${ inputs.urls[\(index)] }'}}"
        }
        let outputs = Self.urls.indices.map { "${ nodes.n\($0).error.code }" }.map { "'\($0)'" }
        try program.write(
            "flow.yaml",
            """
            workflow: blocked
            inputs: {urls: {type: array}}
            outputs: {codes: [\(outputs.joined(separator: ", "))]}
            nodes:
            \(nodes.joined(separator: "\n"))
            """
        )
        let list = Self.urls.map { "\\\"\($0.replacing("PORT", with: "$port"))\\\"" }.joined(separator: ",")
        // The service is there, but only the child of `baton echo` that reads its ledger may reach it.
        try program.write(
            "inside.sh",
            """
            port=${BATON_ECHO##*:}
            BATON_SANDBOX_NETWORK= "$BATON" run start flow.yaml -i "urls=[\(list)]" -o jsonl
            "$BATON" tool call http.request -a url=$BATON_ECHO/ledger -o jsonl
            """
        )
        let result = try program.baton("echo --port 0 bash inside.sh")
        #expect(result.lines.count == 2, "\(result.errors)")
        let codes = result.lines.first?["outputs"]?["codes"]?.arrayValue?.map { $0.stringValue ?? "-" } ?? []
        #expect(codes.count == Self.urls.count)
        for (url, code) in zip(Self.urls, codes) { #expect(code == "http.blocked", "\(url)") }
        #expect(result.lines.last?["body"]?["requests"] == 0, "\(result.output)")
    }

    @Test func `a redirect to an address that is not allowed is not followed`() throws {
        let program = try Program()
        try program.write(
            "flow.yaml",
            """
            workflow: redirected
            inputs: {url: {type: string}}
            outputs: {code: "${ nodes.a.error.code }"}
            nodes: [{id: a, type: http, continue_on_failure: true, config: {url: "${ inputs.url }", redirects: 5}}]
            """
        )
        // The outer service is the forbidden target, the inner one redirects to it.
        try program.write(
            "inside.sh",
            """
            port=${BATON_ECHO##*:}
            for to in http://127.0.0.1:$port/ http://localhost:$port/ http://2130706433:$port/ http://169.254.169.254/ \\
                file:///etc/passwd; do
                BATON_SANDBOX_NETWORK= "$BATON" echo --port 0 \\
                    bash -c '"$BATON" run start flow.yaml -o jsonl -i "url=$BATON_ECHO/redirect?to='$to'"'
            done
            "$BATON" tool call http.request -a url=$BATON_ECHO/ledger -o jsonl
            """
        )
        let result = try program.baton("echo --port 0 bash inside.sh")
        #expect(result.lines.count == 6, "\(result.errors)")
        for line in result.lines.dropLast() { #expect(line["outputs"]?["code"] == "http.blocked", "\(line.text)") }
        #expect(result.lines.last?["body"]?["requests"] == 0, "\(result.output)")
    }
}
