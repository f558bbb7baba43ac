// Baton
// SPDX-License-Identifier: Apache-2.0

/// `baton doctor`.
enum DoctorCommand {
    static let command: CommandDescription = .init(
        name: "doctor",
        summary: "Check that everything runs need is there and works",
        discussion:
            "Reads the whole database, so it takes a while with many runs. It may be used while runs are driven.",
        examples: [.init(line: "baton doctor", comment: "before the first run, or when something is strange")],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        let findings = check(context)
        let console = context.console
        guard console.settings.format == .table else {
            console.show(findings.map(\.json), Table([]))
            return exit(findings)
        }
        let width = findings.map(\.check.count).max() ?? 0
        for finding in findings {
            let style = console.settings.outputStyle
            let ink: Style.Ink =
                switch finding.grade {
                case .ok: .green
                case .warn: .yellow
                case .fail: .red
                }
            let grade = style.paint(TextWidth.pad(finding.grade.rawValue, to: 4), ink)
            console.line("\(grade)  \(TextWidth.pad(finding.check, to: width))  \(TextWidth.oneLine(finding.message))")
            if !finding.remedy.isEmpty { console.line("      \(TextWidth.pad("", to: width))  \(finding.remedy)") }
        }
        return exit(findings)
    }

    private static func exit(_ findings: [Finding]) -> ExitCode {
        findings.contains { $0.grade == .fail } ? .unavailable : .ok
    }

    private static func check(_ context: CommandContext) -> [Finding] {
        let folder = FolderChecks(folder: context.dataFolder)
        var findings = folder.findings()
        do throws(CommandFailure) {
            let settings = try SettingsReader.read(context)
            findings.append(Finding(check: "settings", grade: .ok, message: "config.yaml and environment are valid"))
            findings += SystemChecks(settings: settings, context: context).findings()
            findings += ModelChecks(settings: settings, context: context).findings()
        } catch {
            findings.append(Finding(check: "settings", grade: .fail, message: error.message, remedy: error.hint ?? ""))
        }
        return findings
    }
}
