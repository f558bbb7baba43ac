// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import Glibc

/// A text that somebody wrote for an agent or a skill, and the file that it is in, if that is ours.
struct PromptDraft {
    let text: String
    private let file: String?

    /// Reads the file that the command names, or lets the person change the text with an editor.
    static func read(
        _ context: CommandContext,
        _ name: PromptName,
        _ text: String
    ) throws(CommandFailure) -> PromptDraft {
        if let file = context.invocation.text("file") {
            return PromptDraft(text: try self.text(of: file == "-" ? file : context.absolute(file)), file: nil)
        }
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
            throw .usage("say where the new text is: --file FILE, or --file - for standard input")
        }
        guard let editor = context.variable("VISUAL") ?? context.variable("EDITOR") else {
            throw .usage("no editor is named", hint: "set VISUAL or EDITOR, or give the text with --file FILE")
        }
        return try edit(text, of: name, with: editor, context.environment)
    }

    /// Lets an editor change a text.
    ///
    /// - Parameter editor: A command line for the shell; the file comes behind it.
    static func edit(
        _ text: String,
        of name: PromptName,
        with editor: String,
        _ environment: [String: String]
    ) throws(CommandFailure) -> PromptDraft {
        let file = try write(text, name, environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp")
        let exit: ExitCode
        do throws(CommandFailure) {
            // Keys that interrupt are for the editor.
            let (interrupt, quit) = (signal(SIGINT, SIG_IGN), signal(SIGQUIT, SIG_IGN))
            defer {
                signal(SIGINT, interrupt)
                signal(SIGQUIT, quit)
            }
            exit = try ChildCommand().run(["/bin/sh", "-c", "\(editor) \"$@\"", editor, file], environment)
        } catch {
            unlink(file)
            throw error
        }
        let draft: PromptDraft
        do throws(CommandFailure) {
            draft = PromptDraft(text: try self.text(of: file), file: file)
        } catch {
            throw kept(error, file, name)
        }
        guard exit == .ok else {
            let failure = CommandFailure.invalid("the editor ended with \(exit.rawValue); nothing was changed")
            guard draft.text == text else { throw draft.keeping(failure, name) }
            draft.remove()
            throw failure
        }
        return draft
    }

    /// The text is taken.
    func remove() {
        if let file { unlink(file) }
    }

    /// The text is not taken; says where it is, if it would be lost otherwise.
    func keeping(_ failure: CommandFailure, _ name: PromptName) -> CommandFailure {
        file.map { Self.kept(failure, $0, name) } ?? failure
    }

    private static func kept(_ failure: CommandFailure, _ file: String, _ name: PromptName) -> CommandFailure {
        var failure = failure
        let command = "baton \(name.kind.rawValue) edit \(name.name) --file \(file.shellQuoted)"
        let hint = "your text is kept in \(file); go on with it: \(command)"
        failure.hint = [failure.hint, hint].compactMap(\.self).joined(separator: "\n  ")
        return failure
    }

    private static func text(of file: String) throws(CommandFailure) -> String {
        let bytes = try TextFile.bytes(file, limit: PromptDesk.byteLimit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalid("\(file == "-" ? "standard input" : file) is not UTF-8; nothing was changed")
        }
        return text
    }

    /// Writes a file that only its owner can read.
    private static func write(_ text: String, _ name: PromptName, _ folder: String) throws(CommandFailure) -> String {
        var path = Array("\(folder)/baton-\(name.name)-XXXXXX.md".utf8CString)
        let descriptor = mkstemps(&path, 3)
        let file = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard descriptor >= 0 else {
            throw .invalid("no file can be made in \(folder): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let problem = Console.writeAll(Array(text.utf8), to: descriptor)
        guard problem == 0 else {
            unlink(file)
            throw .invalid("\(file) cannot be written: \(String(cString: strerror(problem)))")
        }
        return file
    }
}
