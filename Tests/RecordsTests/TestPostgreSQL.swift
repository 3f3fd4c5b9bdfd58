import Foundation

/// A real PostgreSQL of the tests' own: on a unix socket in a temporary folder, gone with the process that started it.
final class TestPostgreSQL: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Started by the first test that needs it.
    static let shared = Result { try TestPostgreSQL() }

    private let folder: String
    /// Open for as long as this process lives: its end tells the script below to stop the server and to remove the folder.
    private let life: Pipe

    private init() throws {
        guard let initdb = Self.programs.first(where: { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }) else {
            throw Failure(description: "there is no PostgreSQL; scripts/packages test installs it")
        }
        folder = "/tmp/melascan-postgresql-\(getpid())"
        life = Pipe()
        // PostgreSQL refuses to run as root.
        let script = """
            set -e
            if [ "$(id -u)" -eq 0 ]; then as='setpriv --reuid=postgres --regid=postgres --clear-groups'; fi
            rm -rf "$1"; mkdir -m 700 "$1"; [ -z "$as" ] || chown postgres:postgres "$1"
            cd "$1"
            $as "$2/initdb" --pgdata=data --username=melascan --auth=trust --no-sync --locale=C --encoding=UTF8 >log 2>&1
            $as "$2/postgres" -D data -k "$1" -c listen_addresses= -c fsync=off -c max_connections=60 >>log 2>&1 &
            server=$!
            until "$2/pg_isready" -q -h "$1"; do kill -0 $server; sleep 0.1; done
            echo ready
            cat >/dev/null
            kill -QUIT $server; wait $server || true
            rm -rf "$1"
            """
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", script, "sh", folder, initdb]
        let output = Pipe()
        shell.standardInput = life
        shell.standardOutput = output
        try shell.run()
        guard String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).contains("ready") else {
            throw Failure(description: "PostgreSQL did not start; see \(folder)/log")
        }
    }

    private static let programs = (13...20).reversed().map { "/usr/lib/postgresql/\($0)/bin" }

    /// The address of a database that nothing is in yet.
    func newDatabase() throws -> String {
        let name = "m" + UUID().uuidString.lowercased().filter { $0 != "-" }
        let create = Process()
        create.executableURL = URL(filePath: "/usr/bin/psql")
        create.arguments = ["-q", "-h", folder, "-U", "melascan", "-d", "postgres", "-c", "CREATE DATABASE \(name)"]
        try create.run()
        create.waitUntilExit()
        guard create.terminationStatus == 0 else { throw Failure(description: "CREATE DATABASE failed") }
        return "postgresql://melascan@/\(name)?host=\(folder)"
    }
}
