// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// `baton server` as a process, with the settings of a folder.
@Suite(.timeLimit(.minutes(5)))
struct ServerSettingsTests {
    private let start = """
        "$BATON" server --port 0 -q >/dev/null 2>log & pid=$!
        while [ ! -s home/server.json ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
        url=$(sed 's/.*"url":"\\([^"]*\\)".*/\\1/' home/server.json)
        auth="Authorization: Bearer $(cat home/token)"

        """

    @Test func itObeysItsSettingsAndStopsInOrder() throws {
        let program = try Program()
        try program.write("config.yaml", "server: {body_limit: 2KiB}\ntelemetry: {format: json, log: debug}\n")
        let result = try program.shell(
            """
            export BATON_HOME="$PWD/home"; mkdir -p home; cp config.yaml home/
            \(start)
            curl -s "$url/v1/version"; echo
            curl -s "$url/v1/settings" -H "$auth" | grep -o '"key":"server.port"[^}]*"from":"[a-z]*"'
            curl -s "$url/metrics" -H "$auth" | grep -c '^baton_process_resident_memory_bytes\\|^baton_runs_open\\|^baton_fsync'
            curl -s "$url/readyz"; echo
            { curl -sN -m 60 --retry 5 --retry-all-errors "$url/v1/events" -H "$auth" -H 'Accept: text/event-stream' >events; echo "followed $?" >followed; } &
            until curl -s "$url/metrics" -H "$auth" >metrics && grep -q 'live_clients{transport="sse"} 1' metrics; do
              kill -0 $pid 2>/dev/null && [ ! -s followed ] || break; sleep 0.02
            done
            kill -TERM $pid; wait $pid; echo "exit $?"
            while [ ! -s followed ]; do sleep 0.02; done
            cat followed; ls home/server.json 2>/dev/null; cat log
            """
        )
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.first?.contains(#""body_bytes":2048"#) == true, "\(result.output) \(result.errors)")
        #expect(lines.contains { $0.hasPrefix(#""key":"server.port""#) && $0.hasSuffix(#""from":"option""#) })
        #expect(lines.contains(#"{"status":"ok"}"#) && lines.contains("exit 0") && lines.contains("followed 0"))
        let log = result.lines.compactMap { $0["message"]?.stringValue }
        #expect(log.first == "serving" && log.contains("stopping") && log.last == "stopped", "\(result.output)")
        let request = result.lines.first { $0["route"] == "/v1/settings" }
        #expect(request?["method"] == "GET" && request?["actor"] == "local" && request?["status"] == 200)
        #expect(!result.output.contains("Bearer"), "no credentials in the log")
    }

    @Test func itWarnsWhenItListensToOthersWithoutTLS() throws {
        let program = try Program()
        let result = try program.shell(
            """
            export BATON_HOME="$PWD/home" BATON_SERVER_ADDRESS=0.0.0.0
            \(start)
            kill $pid; wait $pid; cat log
            """
        )
        #expect(result.output.contains("WARN listens to other machines without TLS"), "\(result.output)")
    }
}
