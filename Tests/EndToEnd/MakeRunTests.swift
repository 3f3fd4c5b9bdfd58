import Foundation
import Testing

/// The scripts behind `make run`.
@Suite struct `make run` {
    let folder: TemporaryFolder
    let port: UInt16
    var log: String { (try? String(contentsOfFile: folder.path + ".log", encoding: .utf8)) ?? "" }

    init() throws {
        folder = try TemporaryFolder("melascan-run")
        port = try Socket.freePort()
    }

    /// The programs in `folder` are found before all others.
    func searchPath(from folder: String) -> String {
        folder + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    }

    /// Starts scripts/run with the programs in `binaries`.
    func start(_ binaries: String = Repository.binaries) throws -> Child {
        try Child(
            Repository.path("scripts/run"),
            environment: [
                "PORT": String(port), "MELASCAN_ADDRESS": "127.0.0.1", "MELASCAN_BIN_DIR": binaries,
                "XDG_RUNTIME_DIR": folder.path, "PATH": searchPath(from: binaries),
            ], log: folder.path + ".log")
    }

    func expectNothingLeft() throws {
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        #expect(try Shell.run("pgrep", "-af", folder.path + "/").output == "")
        #expect(throws: HarnessError.self) { try RawHTTP(port: port).open() }
        unlink(folder.path + ".log")
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `starts a stack that works, and stops without leaving anything behind`(signal: Int32) throws {
        let run = try start()
        #expect(waitUntil { log.contains("Ready.") || !run.isRunning }, "\(log)")
        #expect(log.contains("http://127.0.0.1:\(port)/"), "\(log)")
        #expect(try RawHTTP(port: port).get("/").status == 200)
        #expect(run.stop(signal) == 0, "\(log)")
        try expectNothingLeft()
    }

    @Test func `stops nginx and says so when the worker dies`() throws {
        let run = try start()
        #expect(waitUntil { log.contains("Ready.") || !run.isRunning }, "\(log)")
        #expect(try Shell.run("pkill", "-KILL", "-P", String(run.pid), "MelaFCGI").succeeded)
        #expect(run.wait() == 1)
        #expect(log.contains("The worker (MelaFCGI) has ended"), "\(log)")
        try expectNothingLeft()
    }

    @Test func `notices a worker that is killed before it is watched`() throws {
        let programs = try TemporaryFolder()
        let note = programs.file("worker.pid")
        try programs.write(program: "#!/bin/sh\necho $$ >'\(note)'\nexec '\(Repository.worker)'\n", to: "MelaFCGI")
        // The script asks who has started it, at last between saying that all is ready and watching it.
        let kill = "grep -q Ready '\(folder.path).log' && kill -KILL $(cat '\(note)') && sleep 0.3"
        try programs.write(program: "#!/bin/sh\n\(kill)\nexec /usr/bin/id \"$@\"\n", to: "id")
        let run = try start(programs.path)
        #expect(run.wait() == 1, "\(log)")
        #expect(log.contains("Ready."), "\(log)")
        #expect(log.contains("The worker (MelaFCGI) has ended"), "\(log)")
        try expectNothingLeft()
    }

    @Test func `shows why a worker does not start`() throws {
        let broken = try TemporaryFolder()
        try broken.write(program: "#!/bin/sh\necho the weights do not match >&2\nexit 78\n", to: "MelaFCGI")
        let run = try start(broken.path)
        #expect(run.wait() == 1)
        #expect(log.contains("the weights do not match"), "\(log)")
        #expect(log.contains("The worker (MelaFCGI) has ended"), "\(log)")
        try expectNothingLeft()
    }

    @Test func `names another port when the port is in use`() throws {
        let taken = try Stack(worker: nil)
        let run = try Shell.run(Repository.path("scripts/run"), environment: ["PORT": String(taken.port)])
        #expect(run.status == 1)
        #expect(run.output.contains("Port \(taken.port) is in use"), "\(run.output)")
        #expect(run.output.contains("make run PORT="), "\(run.output)")
    }

    /// Runs a script on a machine that has nginx only, as a user with this id; apt-get writes down what it is asked.
    func onANewMachine(_ script: String..., user: Int) throws -> (shell: Shell, apt: String) {
        try folder.write(program: "#!/bin/sh\necho \(user)\n", to: "id")
        try folder.write(program: "#!/bin/sh\necho 'installed nginx '\n", to: "dpkg-query")
        try folder.write(
            program: "#!/bin/sh\necho $DEBIAN_FRONTEND \"$@\" >>\(folder.file("apt"))\n", to: "apt-get")
        let shell = try Shell.run(
            Repository.path(script[0]), arguments: Array(script.dropFirst()), environment: ["PATH": searchPath(from: folder.path)]
        )
        return (shell, (try? String(contentsOfFile: folder.file("apt"), encoding: .utf8)) ?? "")
    }

    @Test func `prints the one line to run when packages are missing and the user is not root`() throws {
        let (shell, apt) = try onANewMachine("scripts/packages", "run", user: 1000)
        #expect(shell.status == 1)
        let lines = shell.output.split(separator: "\n").filter { $0.contains("apt-get install") }
        #expect(lines.count == 1)
        #expect(lines.first?.contains(" libjpeg-dev libopenblas-dev") == true)
        #expect(lines.first?.contains(" nginx") == false)
        #expect(lines.first?.contains("chromium") == false)
        #expect(apt.isEmpty)
    }

    @Test func `installs missing packages without a question when the user is root`() throws {
        let (shell, apt) = try onANewMachine("scripts/packages", "test", user: 0)
        #expect(shell.succeeded, "\(shell.output)")
        #expect(apt.hasPrefix("noninteractive install -y --no-install-recommends "))
        #expect(apt.contains(" libturbojpeg0-dev") && apt.contains(" chromium-driver"))
        #expect(!apt.contains(" nginx"))
    }

    @Test func `asks for a newer Swift in words`() throws {
        try folder.write(program: "#!/bin/sh\necho 'Swift version 6.2.3 (swift-6.2.3-RELEASE)'\n", to: "swift")
        let (shell, _) = try onANewMachine("scripts/build", user: 0)
        #expect(shell.status == 1)
        #expect(shell.output.contains("Swift 6.3 or newer is needed; this one is 6.2"), "\(shell.output)")
    }
}
