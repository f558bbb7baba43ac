// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import MockModels
import Providers
import Reactor
import Synchronization

/// A server of models that answers from a script, and counts.
enum ModelsOfTest {
    /// The server is there while `body` runs.
    static func with<Value>(
        _ script: String,
        _ body: (_ port: Int, _ counter: RequestCounter) async throws -> Value
    ) async throws -> Value {
        let mock = MockModelServer(script: try ModelScript(Array(script.utf8), fileName: "s.yaml"))
        let counter = RequestCounter()
        let server = try await WebServer.start(.init(endpoints: [.tcp(host: "127.0.0.1", port: 0)])) { request in
            if request.method == "POST" { counter.add() }
            return await mock.answer(request)
        }
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(server.addresses[0].port ?? 0, counter))
        } catch {
            result = .failure(error)
        }
        await server.stop(within: .zero)
        return try result.get()
    }

    /// For a program that asks it, and has the tools that are described in its folder.
    static func variables(_ folder: CrashFolder, _ port: Int, inBatches: Bool = false) -> [String: String] {
        let kind =
            inBatches ? "\"kind\": \"anthropic\", \"key_secret\": \"env:MODEL_KEY\", \"batch_poll\": \"100ms\", " : ""
        return [
            "BATON_PROVIDERS": "{\"box\": {\(kind)\"base_url\": \"http://127.0.0.1:\(port)\", \"models\": [\"m\"]}}",
            "BATON_TOOLS_DIR": folder.path, "MODEL_KEY": "none",
        ]
    }
}

/// Counts from several tasks.
final class RequestCounter: Sendable {
    private let count = Mutex(0)

    func add() { count.withLock { $0 += 1 } }
    var value: Int { count.withLock { $0 } }
}

/// The tool `mark`: costs a cent, writes down in `starts` that it began, and has its effect, a line in `ledger`, once for each
/// key. It says `done-N;`, and much more for every fifth N.
enum MarkTool {
    static func write(to folder: CrashFolder) throws {
        try folder.write("mark.sh", program)
        try folder.write("mark.json", manifest)
    }

    private static let program = """
        read -r arguments
        echo "$BATON_IDEMPOTENCY_KEY" >> starts
        grep -qx "$BATON_IDEMPOTENCY_KEY" ledger 2> /dev/null || echo "$BATON_IDEMPOTENCY_KEY" >> ledger
        n=${arguments#*:}
        n=${n%\\}}
        pad=
        test $((n % 5)) = 0 && pad=$(head -c 5000 /dev/zero | tr '\\0' x)
        echo "{\\"said\\":\\"done-$n;\\",\\"pad\\":\\"$pad\\"}"
        """
    private static let manifest = """
        {"name": "mark", "description": "Marks", "command": ["sh", "mark.sh"], "effects": "write", "idempotent": true, "cost_usd": "0.01",
         "input_schema": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}}
        """
}
