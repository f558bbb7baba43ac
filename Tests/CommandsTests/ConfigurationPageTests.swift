// Baton
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import JSON
import Testing

@testable import Commands

/// `docs/configuration.md` is made from the keys. With BATON_WRITE_EXPECTED in the environment it is written anew.
@Suite struct ConfigurationPageTests {
    @Test func `the page of settings is up to date`() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/configuration.md")
        if getenv("BATON_WRITE_EXPECTED") != nil { try Data(Self.page.utf8).write(to: file) }
        let actual = (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) }
        #expect(actual == Self.page, "docs/configuration.md is out of date; BATON_WRITE_EXPECTED=1 writes it anew")
    }

    private static var page: String {
        var text = """
            # Configuration

            <!-- Made from the code by ConfigurationPageTests; do not edit. -->

            The data folder is `--data FOLDER`, else `$BATON_HOME`, else `~/.baton`. Its `config.yaml` may set the keys below, and
            the environment wins over it: the variable of a key is `BATON_` and its name in upper case with `_` for every dot, so
            `server.body_limit` is `BATON_SERVER_BODY_LIMIT`. In a variable the items of a list are separated by commas.

            ```yaml
            server: {address: 0.0.0.0, tls: {cert: tls/cert.pem, key: tls/key.pem}}
            limits: {max_parallel: 16}
            telemetry: {format: json}
            ```

            A key that does not exist, a variable that begins like those of a section and is none of its keys, and a value that
            does not fit stop every command that reads settings, with the place and the key. `baton settings list` shows every
            key with its value, its default and where the value comes from. Settings are read when a program starts; a server
            takes some over [while it works](operations.md#changes-while-a-server-works).

            | type | is |
            |---|---|
            | duration | a number and a unit, such as `90d`, `12h`, `5m`, `30s`, `250ms` |
            | size | bytes, or a number with `KiB`, `MiB` or `GiB` |
            | rate | `NUMBER/SPAN`, such as `600/1m`; `0` or `off` for no limit |
            | path | relative ones begin at the folder of the file, for variables where the program was started |


            """
        var section = ""
        for key in SettingsKey.allCases {
            let name = String(key.rawValue.prefix { $0 != "." })
            if name != section {
                text +=
                    "\(section.isEmpty ? "" : "\n")## \(name)\n\n| key | type | default | meaning |\n|---|---|---|---|\n"
                section = name
            }
            let standard = Settings().value(of: key).settingText
            let shown = standard.isEmpty ? "none" : "`\(standard)`"
            text += "| `\(key.rawValue)` | \(key.form.rawValue) | \(shown) | \(key.meaning) |\n"
        }
        return text
    }

    @Test func `keys of a section stand together, and no two have one variable`() {
        let sections = SettingsKey.allCases.map { $0.rawValue.prefix { $0 != "." } }
        var seen: [Substring] = []
        for section in sections where seen.last != section {
            #expect(!seen.contains(section), "\(section)")
            seen.append(section)
        }
        #expect(Set(SettingsKey.allCases.map(\.variable)).count == SettingsKey.allCases.count)
    }

    @Test func `settings are listed with where they come from`() throws {
        let program = try Program()
        let folder = try program.shell("mkdir data").exit
        #expect(folder == 0)
        try program.write("data/config.yaml", "server:\n  port: 8080\nlimits: {max_parallel: 3}\n")
        let result = try program.shell(
            "BATON_LIMITS_MAX_PARALLEL=4 \"$BATON\" settings list --changed -o json --data \"$PWD/data\""
        )
        #expect(result.exit == 0, "\(result.errors)")
        let items = result.json.arrayValue ?? []
        #expect(items.map { $0["key"] } == ["server.port", "limits.max_parallel"])
        #expect(items.map { $0["value"] } == [8080, 4] && items.map { $0["default"] } == [7420, 64])
        #expect(items.map { $0["from"] } == ["file", "environment"])
        #expect(items[0]["place"]?.stringValue?.hasSuffix("/data/config.yaml:2") == true)
        #expect(items[1]["place"] == "BATON_LIMITS_MAX_PARALLEL")
        let half = try program.shell("BATON_SERVER_TLS_CERT=c \"$BATON\" settings list --data \"$PWD/data\"")
        #expect(half.exit == 2 && half.errors.contains("`server.tls.cert` needs `server.tls.key` as well"))
    }
}
