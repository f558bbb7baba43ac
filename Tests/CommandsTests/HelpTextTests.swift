// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Commands

@Suite struct HelpTextTests {
    @Test func `the first help teaches the way through the product`() {
        #expect(HelpText.text(of: CommandTree.root, path: ["baton"]) == rootHelp)
    }

    @Test func `every command explains itself`() {
        Self.forEach(CommandTree.root, ["baton"]) { command, path in
            let name = path.joined(separator: " ")
            #expect(!command.summary.isEmpty && !command.summary.hasSuffix("."), "\(name)")
            #expect(!command.examples.isEmpty || !command.children.isEmpty, "\(name)")
            #expect(command.action != nil || !command.children.isEmpty, "\(name)")
            let help = HelpText.text(of: command, path: path)
            for option in command.options {
                #expect(help.contains("--\(option.name)") || help.contains("--no-\(option.name)"), "\(name)")
            }
            for line in help.split(separator: "\n") { #expect(line.count <= 130, "\(name): \(line)") }
        }
    }

    @Test func `every example is a command line that is understood`() {
        Self.forEach(CommandTree.root, ["baton"]) { command, path in
            for example in command.examples {
                let line = example.line.replacing("source <(", with: "").replacing(")", with: "")
                let words = Self.words(String(line.split { "|<>".contains($0) }[0]))
                #expect(words.first == "baton", "\(example.line)")
                #expect(throws: Never.self, "\(example.line)") {
                    _ = try ArgumentParser.parse(Array(words.dropFirst()), CommandTree.root)
                }
            }
        }
    }

    private static func forEach(
        _ command: CommandDescription,
        _ path: [String],
        _ body: (CommandDescription, [String]) -> Void
    ) {
        body(command, path)
        for child in command.children { forEach(child, path + [child.name], body) }
    }

    /// Splits at spaces outside quotes.
    private static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        for character in line {
            if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
            } else if quote == nil, character == " " {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        return word.isEmpty ? words : words + [word]
    }
}

private let rootHelp = """
    Run workflows so that nothing acknowledged is lost and nothing runs twice unnoticed.

    Usage: baton COMMAND

    A workflow is a document in YAML or JSON: nodes that call tools, HTTP services and people, and edges between them.
    A run of it survives crashes, power cuts and Ctrl-C, and every run can say what it waits for.
    Commands work on a data folder of this machine, or ask the server that runs on it or that --server names.

    Commands:
      run         Start, watch and control runs
      task        List and control single tasks of runs
      pause       Hold back all runs of a workflow or project, the tasks of a queue, or all work
      resume      End a pause; what nothing else holds goes on
      workflow    Check, draw and publish workflows
      schema      Show what documents may hold, and what diagnostics mean
      inbox       Answer requests that runs make to people
      signal      Tell runs that something happened
      schedule    Start runs by the calendar or again and again
      webhook     Send events to the addresses of others
      hook        Let the calls of others signal runs or start them
      queue       Look into queues, hold them back, and deal with tasks that they gave up
      worker      See who does tasks for a server, and let workers come to an end
      resource    Look after hosts and services that tasks need and wait for
      server      Serve the API over HTTP and drive all runs and schedules, until Ctrl-C
      dev         Serve the API with two example workflows and a run of each, until Ctrl-C
      tool        List tools, show what they take, and call one by hand
      mcp         Say which tools of MCP servers may be called, and serve MCP clients
      agent       List agents, show what they can do and how they are, and edit what they are told
      skill       List skills that agents may be given, show what they say, and edit it
      rag         Keep documents that agents and people search
      knowledge   Write down what is known in a project, for its agents
      memory      Read and change what agents remember of a run, a project or in all their runs
      context     Save, load and join contexts of a run or a project, and carry them elsewhere
      thinking    Show the thoughts that agents of a run wrote down
      session     Let agents go on with their conversations from task to task
      exec        Call a tool, a workflow, an agent or a skill of a server by its name
      pattern     See chains of agents and tools that are done again and again, and make workstacks of them
      artifact    List, read and clean up what is kept by hash
      cache       See and empty the cache of outputs of nodes with `cache`
      budget      See and set what may be spent
      usage       Say what was spent, and on what
      secret      Keep values that must stay secret, sealed on disk
      user        Make and list accounts of people
      key         Make and revoke API keys of a server
      audit       Show who did what, and prove that nothing of it was changed
      backup      Copy the data folder while runs go on, check copies, and restore them
      retention   Show how long things are kept, remove what is old, and hold runs
      migrate     Show the formats of the databases, and bring them to this program's
      settings    Show what is set by `config.yaml` and the environment, and change what a server goes by
      doctor      Check that everything runs need is there and works
      echo        Serve a small HTTP service on this machine to try workflows on
      mock-llm    Serve models that answer from a script, in the forms of Anthropic, OpenAI and Ollama
      login       Log in to a server and remember it as a profile
      logout      End the login at a server
      whoami      Say as whom a server sees you
      profile     List the servers you are logged in to, and choose the one to ask
      completion  Write the script that lets a shell complete commands and options
      version     Show the version of the program and of what it stores
      help        Explain a command

    Options of every command:
      --data FOLDER                 where runs are kept (default: $BATON_HOME, else ~/.baton)
      --server URL                  the server to ask instead of a folder here; $BATON_SERVER does the same
      --profile NAME                the server and login of that name (`baton login`); $BATON_PROFILE does the same
      -o, --output table|json|jsonl|yaml|compact
                                    how results are written (default: table)
      -q, --quiet                   no progress and no notes, only results and errors
      --no-color                    no colours, even on a terminal
      -h, --help                    show this

    Examples:
      # see whether everything is there
      baton doctor
      # check a workflow
      baton workflow validate order.yaml
      # run it and watch
      baton run order.yaml --input limit=500
      # answer what it asks
      baton inbox approve last
      # ask what it waits for, or why it failed
      baton run explain last
      # let a server do all this
      baton login --server URL --email EMAIL

    Exit codes:
      0    done
      1    the run failed or was cancelled
      2    the command line, the workflow or an input is wrong
      3    there is nothing of that name
      4    the status does not allow it, or somebody was first
      5    the data folder cannot be used now: in use, full or damaged; or the server does not answer
      6    not permitted, or not logged in
      7    the budget is used up
      8    the run waits for a person
      130  interrupted; `baton run resume` continues the run, and one of a server goes on

    `baton COMMAND --help` explains one of them.

    """
