// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The program.
public enum Baton {
    /// The version of the program.
    public static let version = "0.1.0"

    /// Runs the command of a command line and gives the exit code of the process.
    ///
    /// Call it once, from the main thread: commands block it while engines work on threads of their own.
    /// - Parameter words: The command line, the program's name first.
    public static func run(_ words: [String]) -> Int32 {
        // A closed pipe is an error of `write` here, so that a run can be stopped in order.
        signal(SIGPIPE, SIG_IGN)
        let environment = currentEnvironment()
        let root = CommandTree.root
        let fallback = Invocation(command: root, path: [root.name])
        do throws(UsageError) {
            let invocation = try ArgumentParser.parse(Array(words.dropFirst()), root)
            let console = Console.standard(invocation, environment)
            return run(invocation, console, environment)
        } catch {
            // The format is not known to be valid, so the error is for people.
            Console.standard(fallback, environment).report(CommandFailure(error))
            return ExitCode.usage.rawValue
        }
    }

    private static func run(_ invocation: Invocation, _ console: Console, _ environment: [String: String]) -> Int32 {
        let context = CommandContext(
            invocation: invocation,
            console: console,
            environment: environment,
            currentDirectory: workingDirectory()
        )
        let exit: ExitCode
        do throws(CommandFailure) {
            exit = try execute(context)
        } catch {
            console.report(error)
            exit = error.exit
        }
        console.flush()
        switch console.outputError {
        case 0: return exit.rawValue
        // What a shell reports for a program that a closed pipe ended.
        case EPIPE: return 128 + SIGPIPE
        default: return ExitCode.unavailable.rawValue
        }
    }

    /// Runs what was asked for, or shows its help.
    static func execute(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let invocation = context.invocation
        guard !invocation.wantsHelp, let action = invocation.command.action else {
            let help = HelpText.text(of: invocation.command, path: invocation.path)
            if invocation.wantsHelp || invocation.path.count == 1 {
                context.console.write(help)
                return .ok
            }
            let names = invocation.command.children.filter { !$0.isHidden }.map(\.name).joined(separator: ", ")
            let path = invocation.path.joined(separator: " ")
            throw .usage("`\(path)` needs a command: \(names)", hint: "`\(path) --help` explains them")
        }
        try ServerChoice.check(context)
        return try action(context)
    }

    private static func currentEnvironment() -> [String: String] {
        var result: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
            next += 1
        }
        return result
    }

    private static func workingDirectory() -> String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }
}
