// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import HTTP
import Identity
import JSON
import Model
import Providers
import RateLimits
import Rates
import Retention
import StoreSQLite
import Telemetry
import Testing
import Tools

@testable import Commands

@Suite struct SettingsTests {
    @Test func `every key is read from the file and from the environment`() throws {
        let text = """
            # all of them
            server:
              address: "::"
              port: 0
              tls: {cert: tls/cert.pem, key: /etc/key.pem}
              unix_socket: run/baton.sock
              public_url: https://baton.example/
              trusted_proxies: [10.0.0.0/8, "::1"]
              cors: {origins: ["https://A.example:8443"]}
              body_limit: 1MiB
            store: {durability: relaxed}
            auth: {open_registration: true, access_ttl: 5m, refresh_ttl: 1d, lockout: {attempts: 3, window: 60s}}
            telemetry: {log: debug, format: json, otlp: {endpoint: "http://127.0.0.1:4318"}}
            audit: {enabled: false}
            sandbox:
              require: false
              control_groups: false
              network: ["127.0.0.1:7421", "[::1]:80"]
            tools: {dir: functions, expose: ["workstack_*", rag.search], block: [shell.*], compact_above: 5}
            agents: {dir: roles}
            skills: {dir: abilities}
            limits:
              max_parallel: 8
              per_project: 4
              per_tool: ["shell.exec=2"]
              rate:
                tools: ["http.request=60/1m", "git.log = 5/10s"]
                burst: 7
                requests: 300/1m
                login: 5/1m
                register: 0
                export: "off"
                starts: 0
                simple: 50/1m
                standard: 10/1m
                heavy: 2/1m
            workers: {queues: [tool], labels: ["os = linux"]}
            budgets: {allow_unpriced: true}
            patches: {review: human}
            retention: {ended_runs: 30d, packing: 1d, history: 2d, logs: 36h, signals: 0s, usage: 1d}
            providers:
              anthropic: {key_secret: env:ANTHROPIC_API_KEY, idle: 30s, batch_poll: 100ms}
              gpt: {kind: openai, api: chat, key_secret: "secret://gpt", rate: 60/1m}
              box:
                base_url: http://127.0.0.1:8080/v1/
                models: [qwen3]
                headers: ["x-team = blue"]
              fake: {kind: scripted, script: answers.yaml}
            mcp: {servers: {web: {url: "https://a.example/mcp", timeout: 5s}}}
            profiles:
              builder:
                preset: code-execution
                commands: {allow: [make, "git  push"], deny: [rm]}
                write_paths: [./src/]
                env_allow: [LANG]
                network: [{host: "*.example.org"}, {host: api.example, port: 8443, methods: [get]}]
                memory: 1GiB
                cpu: 30s
                requires_approval: [high]
            tiers:
              local: [box/qwen3]
              small: [anthropic/claude-haiku-5-5, gpt/gpt-6-luna]
              medium: [gpt/gpt-6.1-terra]
              large: [anthropic/claude-opus-5-5]
              allow_lower: true
              table: prices.json
              embedding: box/vectors
            """
        var settings = Settings()
        try SettingsReader.apply(Array(text.utf8), "/data/config.yaml", to: &settings)
        var expected = Settings()
        expected.server.address = "::"
        expected.server.port = 0
        (expected.server.certificate, expected.server.key) = ("/data/tls/cert.pem", "/etc/key.pem")
        expected.server.unixSocket = "/data/run/baton.sock"
        expected.server.publicURL = "https://baton.example"
        expected.server.trustedProxies = ["10.0.0.0/8", "::1"].compactMap(IPNetwork.init)
        expected.server.origins = ["https://a.example:8443"]
        expected.server.bodyLimit = 1 << 20
        (expected.auth.opensRegistration, expected.auth.lockoutAttempts) = (true, 3)
        (expected.auth.accessLifetime, expected.auth.refreshLifetime) = (.seconds(300), .seconds(86_400))
        expected.auth.lockoutWindow = .seconds(60)
        var providers = [
            ProviderSettings(name: "anthropic", kind: .anthropic, key: "env:ANTHROPIC_API_KEY"),
            ProviderSettings(name: "gpt", kind: .openAI, key: "secret://gpt"),
            ProviderSettings(name: "box", kind: .openAICompatible, baseURL: "http://127.0.0.1:8080/v1"),
            ProviderSettings(name: "fake", kind: .scripted),
        ]
        (providers[0].idleLimit, providers[0].batchPoll) = (.seconds(30), .milliseconds(100))
        (providers[1].usesChatCompletions, providers[1].rate) = (true, ProviderRate(calls: 60, period: .seconds(60)))
        (providers[2].models, providers[2].headers) = (["qwen3"], ["x-team": "blue"])
        providers[3].script = "/data/answers.yaml"
        expected.providers = Dictionary(uniqueKeysWithValues: providers.map { ($0.name, $0) })
        var builder = try #require(ToolProfile.presets.first)
        builder.name = "builder"
        builder.commands.allow = [CommandPattern("make"), CommandPattern("git push")].compactMap { $0 }
        builder.commands.deny = [CommandPattern("rm")].compactMap { $0 }
        (builder.writePaths, builder.environmentNames, builder.cpuSeconds) = (["src"], ["LANG"], 30)
        (builder.memoryBytes, builder.approvedRisks) = (1 << 30, [.high])
        builder.network = try EgressRules([
            ["host": "*.example.org"], ["host": "api.example", "port": 8443, "methods": ["GET"]],
        ])
        expected.profiles["builder"] = builder
        expected.tiers = TierTable(
            models: [
                .local: ["box/qwen3"], .small: ["anthropic/claude-haiku-5-5", "gpt/gpt-6-luna"],
                .medium: ["gpt/gpt-6.1-terra"], .large: ["anthropic/claude-opus-5-5"],
            ].mapValues { $0.compactMap(ModelReference.init) },
            allowsLower: true
        )
        expected.priceTable = "/data/prices.json"
        expected.embeddingModel = ModelReference(provider: "box", model: "vectors")
        var web = MCPServerDraft(name: "web")
        (web.url, web.timeout) = ("https://a.example/mcp", .seconds(5))
        expected.mcpServers = ["web": web]
        expected.telemetry = TelemetrySettings(level: .debug, format: .json, collector: "http://127.0.0.1:4318")
        expected.keepsAudit = false
        expected.requestBurst = 7
        expected.requestRates.requests = .perMinute(300, burst: 7)
        expected.requestRates.kinds[.login] = .perMinute(5)
        (expected.requestRates.kinds[.register], expected.requestRates.kinds[.export]) = (nil, nil)
        expected.requestRates.starts = nil
        expected.requestRates.tiers = [.simple: .perMinute(50), .standard: .perMinute(10), .heavy: .perMinute(2)]
        (expected.queues, expected.labels) = (["tool"], ["os": "linux"])
        expected.durability = .relaxed
        expected.requiresSandbox = false
        expected.usesControlGroups = false
        expected.allowedTargets = ["127.0.0.1:7421", "[::1]:80"]
        expected.toolsFolder = "/data/functions"
        (expected.exposedTools, expected.blockedTools) = (["workstack_*", "rag.search"], ["shell.*"])
        expected.compactAbove = 5
        expected.agentsFolder = "/data/roles"
        expected.skillsFolder = "/data/abilities"
        expected.maxParallel = 8
        expected.perProject = 4
        expected.perTool = ["shell.exec": 2]
        expected.toolRates = [
            "http.request": Rate(units: 60, period: .seconds(60)), "git.log": Rate(units: 5, period: .seconds(10)),
        ]
        expected.allowsUnpriced = true
        expected.patchReview = .human
        expected.retention.endedRuns = .seconds(30 * 86_400)
        expected.retention.packing = .seconds(86_400)
        expected.retention.history = .seconds(2 * 86_400)
        expected.retention.logs = .seconds(36 * 3600)
        expected.retention.signals = .zero
        expected.retention.usage = .seconds(86_400)
        #expect(settings == expected)

        // Each key again, by its variable, with the value that `settings list` shows for it.
        var environment = ["BATON_HOME": "/x", "OTHER": "y"]
        for key in SettingsKey.allCases where expected.value(of: key) != .null {
            environment[key.variable] = expected.value(of: key).settingText
        }
        #expect(environment.count == SettingsKey.allCases.count + 2)
        var again = Settings()
        let origins = try SettingsReader.apply(environment, "/here", to: &again)
        #expect(again == expected)
        #expect(origins[.serverPort] == .environment("BATON_SERVER_PORT") && origins.count == environment.count - 2)
        // Relative to the folder of whoever set it.
        try SettingsReader.apply(["BATON_TOOLS_DIR": "f"], "/here", to: &again)
        #expect(again.toolsFolder == "/here/f")
    }

    @Test func `the standard values can be read back`() throws {
        var settings = Settings()
        for key in SettingsKey.allCases {
            let value = Settings().value(of: key)
            if value != .null { try settings.set(key, value, in: "/") }
        }
        settings.queues = nil
        #expect(settings == Settings())
        // How many at once is kept, whether it comes before or after the rate.
        let steps: [(SettingsKey, JSONValue)] = [(.limitsRequests, 0), (.limitsBurst, 7), (.limitsRequests, "60/1m")]
        for (key, value) in steps {
            try settings.set(key, value, in: "/")
        }
        #expect(settings.requestRates.requests == .perMinute(60, burst: 7))
        try settings.set(.limitsBurst, 9, in: "/")
        #expect(settings.requestRates.requests == .perMinute(60, burst: 9))
    }

    @Test func `half of a certificate is refused`() {
        var settings = Settings()
        settings.server.certificate = "/c"
        #expect(settings.contradiction?.key == .serverCertificate)
        settings.server.key = "/k"
        #expect(settings.contradiction == nil)
    }

    @Test func `a file of comments sets nothing`() throws {
        var settings = Settings()
        try SettingsReader.apply(Array("# nothing\n\n  # at all\n".utf8), "c.yaml", to: &settings)
        #expect(settings == Settings())
    }

    @Test func `what is wrong is named with its place and key`() {
        let cases: [(text: String, message: String)] = [
            ("store:\n  durabilty: full", "c.yaml:2:3: there is no setting `store.durabilty`"),
            ("server: {prot: 1}", "c.yaml:1:10: there is no setting `server.prot`"),
            (
                "server: {port: 65536}",
                "c.yaml:1:10: `server.port` must be a whole number from 0 to 65535, not 65536"
            ),
            (
                "server: {body_limit: 2GiB}",
                "c.yaml:1:10: `server.body_limit` must be a size from 1KiB to 1GiB, such as 16MiB, not \"2GiB\""
            ),
            (
                "server: {body_limit: 9999999999999999999GiB}",
                "c.yaml:1:10: `server.body_limit` must be a size from 1KiB to 1GiB, such as 16MiB, "
                    + "not \"9999999999999999999GiB\""
            ),
            (
                "server: {trusted_proxies: [10.0.0.0/33]}",
                "c.yaml:1:10: `server.trusted_proxies` must be a list of addresses or ranges; \"10.0.0.0/33\" is not one, "
                    + "not [\"10.0.0.0/33\"]"
            ),
            (
                "server: {cors: {origins: [\"https://a/b\"]}}",
                "c.yaml:1:17: `server.cors.origins` must be a list of origins or *; \"https://a/b\" is not one, "
                    + "not [\"https://a/b\"]"
            ),
            (
                "server: {public_url: a.example}",
                "c.yaml:1:10: `server.public_url` must be an http or https URL, not \"a.example\""
            ),
            (
                "telemetry: {log: loud}",
                "c.yaml:1:13: `telemetry.log` must be debug, info, warn or error, not \"loud\""
            ),
            (
                "auth: {access_ttl: 1s}",
                "c.yaml:1:8: `auth.access_ttl` must be a duration of at least 10s, such as 30d or 12h, not \"1s\""
            ),
            (
                "limits: {rate: {starts: many}}",
                "c.yaml:1:17: `limits.rate.starts` must be NUMBER/SPAN, such as 600/1m, or 0 for no limit, not \"many\""
            ),
            (
                "retention: {ended_runs: 30}",
                "c.yaml:1:13: `retention.ended_runs` must be a duration, such as 30d or 12h, not 30"
            ),
            (
                "retention: {logs: 1h}",
                "c.yaml:1:13: `retention.logs` must be a duration of at least 1d, such as 30d or 12h, not \"1h\""
            ),
            (
                "patches: {review: never}",
                "c.yaml:1:11: `patches.review` must be auto, human, or {auto_below: {usd, nodes}}, not \"never\""
            ),
            ("store: {durability: fast}", "c.yaml:1:9: `store.durability` must be full or relaxed, not \"fast\""),
            ("sandbox: {require: 1}", "c.yaml:1:11: `sandbox.require` must be true or false, not 1"),
            (
                "sandbox: {network: [localhost]}",
                "c.yaml:1:11: `sandbox.network` must be a list of host:port; \"localhost\" is not one, not [\"localhost\"]"
            ),
            (
                "limits: {max_parallel: 1001}",
                "c.yaml:1:10: `limits.max_parallel` must be a whole number from 1 to 1000, not 1001"
            ),
            (
                "limits: {max_parallel: 0}",
                "c.yaml:1:10: `limits.max_parallel` must be a whole number from 1 to 1000, not 0"
            ),
            ("limits: 5", "c.yaml:1:1: there is no setting `limits`"),
            (
                "store: [",
                "c.yaml:2:1: error E101: not valid YAML: while parsing a flow node, did not find expected node content"
            ),
            ("- a", "c.yaml:1:1: error E105: the document must be a mapping, not a list"),
        ]
        for (text, message) in cases {
            var settings = Settings()
            do throws(CommandFailure) {
                try SettingsReader.apply(Array(text.utf8), "c.yaml", to: &settings)
                Issue.record("accepted: \(text)")
            } catch {
                #expect(error.message == message, "\(text)")
                #expect(error.exit == .usage)
            }
        }
    }

    @Test func `a misspelt variable of a known section is refused`() {
        var settings = Settings()
        do throws(CommandFailure) {
            try SettingsReader.apply(["BATON_STORE_DURABILTY": "full"], "/", to: &settings)
            Issue.record("accepted")
        } catch {
            #expect(error.hint == "did you mean `BATON_STORE_DURABILITY`?")
        }
    }

    @Test func `MCP servers are programs or URLs`() throws {
        let text = """
            mcp:
              servers:
                files: {command: bin/server, args: [--root, /srv], env: ["TOKEN=secret://T"], read: [/opt], folder: work, network: true}
                web: {url: "https://a.example/mcp/", headers: ["Authorization=Bearer env:T"], timeout: 5s, start: 1s, enabled: false}
            """
        var settings = Settings()
        try SettingsReader.apply(Array(text.utf8), "/data/config.yaml", to: &settings)
        var program = MCPProgram(command: "/data/bin/server")
        (program.arguments, program.environment) = (["--root", "/srv"], ["TOKEN": "secret://T"])
        (program.readPaths, program.folder, program.usesNetwork) = (["/opt"], "/data/work", true)
        let files = MCPServerSettings(name: "files", place: .program(program))
        var web = MCPServerSettings(
            name: "web",
            place: .url("https://a.example/mcp", headers: ["Authorization": "Bearer env:T"])
        )
        (web.timeout, web.startTimeout, web.isEnabled) = (.seconds(5), .seconds(1), false)
        #expect(settings.mcpServers["files"]?.settings == files && settings.mcpServers["web"]?.settings == web)
        #expect(settings.contradiction == nil)
        for (fields, part) in [
            ("{}", "command"), ("{command: a, url: \"http://a\"}", "only be one"),
            ("{url: \"http://a\", args: [b]}", "go with a `command`"),
            ("{command: a, headers: [\"B=c\"]}", "go with a `url`"), ("{command: a, read: [b]}", "absolute"),
            ("{command: a, nothing: 1}", "is none of"), ("{command: a, timeout: soon}", "duration"),
        ] {
            var settings = Settings()
            do throws(CommandFailure) {
                let text = "mcp: {servers: {x: {enabled: true}}}\n"
                try SettingsReader.apply(Array(text.utf8), "/data/config.yaml", to: &settings)
                let wrong = "mcp: {servers: {x: \(fields)}}\n"
                if fields != "{}" { try SettingsReader.apply(Array(wrong.utf8), "/data/config.yaml", to: &settings) }
                #expect(settings.contradiction?.rule.contains(part) == true, "\(fields)")
            } catch {
                #expect(error.message.contains(part), "\(fields): \(error.message)")
            }
        }
        var shown = Settings()
        try SettingsReader.apply(
            Array("mcp: {servers: {x: {command: a, env: [\"A=plain\", \"B=env:C\"]}}}\n".utf8),
            "/data/config.yaml",
            to: &shown
        )
        #expect(shown.value(of: .mcpServers)["x"]?["env"] == ["A=…", "B=env:C"])
    }
}
