// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import Testing

/// Webhooks at a server, with the real program.
@Suite(.timeLimit(.minutes(5))) struct WebhookCommandTests {
    @Test func `webhooks are made, tested, given another secret, paused and removed`() throws {
        let (program, echo) = (try Program(), EchoServer())
        let port = try echo.start(port: 0)
        defer { echo.stop() }
        #expect(try program.baton("webhook list").exit == 2, "it asks a server")
        _ = try program.shell("mkdir -p data")
        try program.write("data/config.yaml", "sandbox: {network: [\"127.0.0.1:\(port)\"]}\n")
        let server = try ServerProgram(program)
        let refused = try program.baton("webhook create http://127.0.0.1:1/in")
        #expect(refused.exit == 2 && refused.errors.contains("loopback"), "\(refused.errors)")
        let url = "http://127.0.0.1:\(port)/in"
        let made = try program.baton("webhook create \(url) --types run.completed,task.* --project shop -o json").json
        let (id, secret) = (made["id"]?.stringValue ?? "", made["secret"]?.stringValue ?? "")
        #expect(id.hasPrefix("wh_") && secret.hasPrefix("whsec_"), "\(made.text)")
        #expect(made["types"] == ["run.completed", "task.*"] && made["project"] == "shop")
        let list = try program.baton("webhook list")
        #expect(list.output.contains(id) && list.output.contains("active") && !list.output.contains(secret))
        #expect(try program.baton("webhook test \(id.prefix(12))").output.hasPrefix("delivered as msg_test_"))
        let bad =
            try program.baton("webhook create http://127.0.0.1:\(port)/status/500 -o json").json["id"]?.stringValue
            ?? ""
        let failed = try program.baton("webhook test \(bad)")
        #expect(failed.exit == 4 && failed.errors.contains("500"), "\(failed.errors)")
        #expect(try program.baton("webhook test wh_").exit == 2, "two ids begin so")
        #expect(try program.baton("webhook show wh_7zzzzzzzzzzzzzzzzzzzzzzzzz").exit == 3)
        let rotated = try program.baton("webhook rotate \(id) -o json").json
        #expect(rotated["secret"]?.stringValue?.hasPrefix("whsec_") == true && rotated["secret"] != made["secret"])
        #expect(try program.baton("webhook pause \(id) -m later").output.contains("paused"))
        #expect(try program.baton("webhook pause \(id)").exit == 4)
        #expect(try program.baton("webhook show \(id)").output.contains("note: later"))
        #expect(try program.baton("webhook resume \(id)").output.contains("active"))
        #expect(try program.baton("webhook dead \(id)").exit == 0)
        #expect(try program.baton("webhook redrive \(id) --event 1,2").output == "0 will be sent again\n")
        #expect(try program.baton("webhook redrive \(id) --event x").exit == 2)
        #expect(try program.baton("webhook discard \(id)").output == "0 are removed\n")
        #expect(try program.baton("webhook delete \(id)").exit == 0)
        #expect(try program.baton("webhook show \(id)").exit == 3)
        try server.stop()
    }
}
