import Foundation
import Testing

/// The files in deploy/ as an administrator uses them: nginx's and systemd's own judgement, and a real nginx.
@Suite struct `Deployment files` {
    @Test(arguments: ["clinic", "cloud", "central", "host"])
    func `nginx accepts each site without a warning`(site: String) throws {
        let folder = try TemporaryFolder()
        let certificate = try TestCertificate()
        let authority = try TestAuthority()
        _ = try authority.client("central.melascan.internal", file: "central")
        let tls = ["127.0.0.1:18443", certificate.certificate, certificate.key, "localhost"]
        let words = [folder.path, "127.0.0.1:18080", folder.file("worker.sock"), Repository.path("web")]
        let text = try Shell.run(
            Repository.path("scripts/nginx-config"), arguments: words + (site == "clinic" ? [] : tls),
            environment: site == "clinic" || site == "cloud"
                ? [:]
                : [
                    "SITE": site, "AUTHORITY": authority.path, "CENTRAL": "127.0.0.2",
                    "HOSTS": "127.0.0.3:18443 127.0.0.4:18443",
                ])
        try #require(text.succeeded, "\(text.output)")
        let file = try folder.write(text.output, to: "nginx.conf")
        let verdict = try Shell.run("nginx", "-e", "stderr", "-t", "-c", file)
        #expect(verdict.succeeded, "\(verdict.output)")
        // A certificate that signed itself has no authority to ask.
        let warnings = verdict.output.split(separator: "\n").filter {
            $0.contains("[warn]") && !$0.contains("\"ssl_stapling\" ignored")
        }
        #expect(warnings == [])
        #expect(!text.output.contains("melascan.example.org"))
        #expect(!text.output.contains("/etc/nginx/melascan"))
    }

    @Test(arguments: ["host", "central"])
    func `a host and a central are installed with each other's addresses`(site: String) throws {
        let folder = try TemporaryFolder()
        let binaries = try TemporaryFolder()
        try binaries.write(program: "#!/bin/sh\n", to: "MelaFCGI")
        let installed = try Shell.run(
            Repository.path("scripts/install"),
            environment: [
                "DESTDIR": folder.path, "SITE": site, "NAME": "mole.example.net", "MELASCAN_BIN_DIR": binaries.path,
                "CENTRAL": "10.0.0.5", "HOSTS": "10.0.0.6 [fd00::7]",
            ])
        try #require(installed.succeeded, "\(installed.output)")
        let text = try String(contentsOfFile: folder.file("etc/nginx/sites-enabled/melascan"), encoding: .utf8)
        let expected =
            site == "host"
            ? ["set_real_ip_from 10.0.0.5;"]
            : ["server 10.0.0.6:443 max_fails", "server [fd00::7]:443 max_fails", "server_name mole.example.net;"]
        for line in expected { #expect(text.contains(line), "\(line)") }
        #expect(!text.contains("192.0.2."))
    }

    @Test func `a central is installed without a worker, its ensemble, settings and units`() throws {
        let folder = try TemporaryFolder()
        let installed = try Shell.run(
            Repository.path("scripts/install"),
            environment: [
                "DESTDIR": folder.path, "SITE": "central", "NAME": "mole.example.net", "HOSTS": "10.0.0.6",
                "MELASCAN_BIN_DIR": folder.file("nothing"),
            ])
        try #require(installed.succeeded, "\(installed.output)")
        for file in ["opt/melascan/web/index.html", "etc/systemd/system/nginx.service.d/melascan.conf"] {
            #expect(FileManager.default.fileExists(atPath: folder.file(file)), "\(file)")
        }
        for file in [
            "opt/melascan/bin", "opt/melascan/ensembles", "etc/melascan", "etc/systemd/system/melascan.service", "etc/sysusers.d",
        ] {
            #expect(!FileManager.default.fileExists(atPath: folder.file(file)), "\(file)")
        }
    }

    @Test func `an installation is complete, and uninstalling leaves no file`() throws {
        let folder = try TemporaryFolder()
        let binaries = try TemporaryFolder()
        try binaries.write(program: "#!/bin/sh\n", to: "MelaFCGI")
        for (site, name) in [("clinic", ""), ("cloud", "mole.example.net")] {
            let installed = try Shell.run(
                Repository.path("scripts/install"),
                environment: [
                    "DESTDIR": folder.path, "SITE": site, "NAME": name, "MELASCAN_BIN_DIR": binaries.path,
                ])
            try #require(installed.succeeded, "\(installed.output)")
            let text = try String(contentsOfFile: folder.file("etc/nginx/sites-enabled/melascan"), encoding: .utf8)
            #expect(text.contains("include melascan/server.conf;"))
            #expect(text.contains("server_name mole.example.net;") == (site == "cloud"))
            if site == "clinic" { try expectNginxAcceptsTheInstallation(in: folder) }
        }
        for file in [
            "opt/melascan/bin/MelaFCGI", "opt/melascan/web/index.html", "opt/melascan/ensembles/default/ensemble.json",
            "opt/melascan/README.md", "opt/melascan/examples/postgresql.conf", "opt/melascan/examples/consent.json",
            "opt/melascan/examples/nginx-cloud.conf", "opt/melascan/examples/nginx-host.conf",
            "opt/melascan/examples/nginx-central.conf",
            "etc/systemd/system/melascan.socket", "etc/systemd/system/melascan.service",
            "etc/systemd/system/melascan.service.d/10-sandbox.conf", "etc/systemd/system/melascan-.service.d/10-sandbox.conf",
            "etc/systemd/system/melascan-expire.service", "etc/systemd/system/melascan-expire.timer",
            "etc/systemd/system/melascan-backup.service", "etc/systemd/system/melascan-backup.timer",
            "etc/systemd/system/nginx.service.d/melascan.conf", "etc/nginx/melascan/http.conf",
            "etc/sysusers.d/melascan.conf", "etc/tmpfiles.d/melascan.conf", "etc/melascan/melascan.env",
        ] {
            #expect(FileManager.default.fileExists(atPath: folder.file(file)), "\(file)")
        }
        let removed = try Shell.run(
            Repository.path("scripts/uninstall"), environment: ["DESTDIR": folder.path])
        #expect(removed.succeeded, "\(removed.output)")
        let left = try Shell.bash("find '\(folder.path)' ! -type d")
        #expect(left.output.isEmpty, "\(left.output)")
    }

    /// As on the clinic's machine: Debian's own nginx.conf includes the site, whose includes are relative to it.
    private func expectNginxAcceptsTheInstallation(in folder: TemporaryFolder) throws {
        let debian = try String(contentsOfFile: "/etc/nginx/nginx.conf", encoding: .utf8)
            .replacingOccurrences(of: "/etc/nginx/sites-enabled", with: folder.file("etc/nginx/sites-enabled"))
            .replacingOccurrences(of: "/var/log/nginx", with: folder.path)
            .replacingOccurrences(of: "/run/nginx.pid", with: folder.file("nginx.pid"))
        try folder.write(debian, to: "etc/nginx/nginx.conf")
        try FileManager.default.copyItem(
            atPath: "/etc/nginx/fastcgi_params", toPath: folder.file("etc/nginx/fastcgi_params"))
        // Testing opens the logs and makes folders: here, not on this machine.
        let shared = try Repository.text("deploy/nginx/limits.conf")
            .replacingOccurrences(of: "/var/log/nginx", with: folder.path)
            .replacingOccurrences(of: "/run/melascan-nginx-body", with: folder.file("body"))
        try folder.write(shared, to: "etc/nginx/melascan/limits.conf")
        let verdict = try Shell.run("nginx", "-e", "stderr", "-t", "-c", folder.file("etc/nginx/nginx.conf"))
        #expect(verdict.succeeded, "\(verdict.output)")
        _ = try Shell.bash("cd '\(folder.path)' && rm -f etc/nginx/nginx.conf etc/nginx/fastcgi_params *.log nginx.pid")
    }

    @Test func `settings of one's own outlive an upgrade and an uninstallation`() throws {
        let folder = try TemporaryFolder()
        let binaries = try TemporaryFolder()
        try binaries.write(program: "#!/bin/sh\n", to: "MelaFCGI")
        try FileManager.default.createDirectory(
            atPath: folder.file("etc/melascan"), withIntermediateDirectories: true)
        try folder.write("MELASCAN_THREADS=1\n", to: "etc/melascan/melascan.env")
        for script in ["install", "install", "uninstall"] {
            let run = try Shell.run(
                Repository.path("scripts/\(script)"),
                environment: ["DESTDIR": folder.path, "MELASCAN_BIN_DIR": binaries.path])
            #expect(run.succeeded, "\(run.output)")
            #expect(
                try String(contentsOfFile: folder.file("etc/melascan/melascan.env"), encoding: .utf8) == "MELASCAN_THREADS=1\n")
        }
    }

    @Test func `a package has each file where Debian wants it, and no text still names /opt`() throws {
        let folder = try TemporaryFolder()
        let binaries = try TemporaryFolder()
        for program in ["MelaFCGI", "melascan"] { try binaries.write(program: "#!/bin/sh\n", to: program) }
        let installed = try Shell.run(
            Repository.path("scripts/install"),
            environment: ["LAYOUT": "debian", "DESTDIR": folder.path, "MELASCAN_BIN_DIR": binaries.path])
        try #require(installed.succeeded, "\(installed.output)")
        for file in [
            "usr/sbin/MelaFCGI", "usr/bin/melascan", "usr/share/melascan/web/index.html",
            "usr/share/melascan/ensembles/default/ensemble.json", "lib/systemd/system/melascan.service",
            "usr/lib/sysusers.d/melascan.conf", "etc/nginx/sites-available/melascan",
            "usr/share/doc/melascan/examples/consent.json",
        ] {
            #expect(FileManager.default.fileExists(atPath: folder.file(file)), "\(file)")
        }
        #expect(FileManager.default.isExecutableFile(atPath: folder.file("usr/share/doc/melascan/examples/certificates")))
        #expect(!FileManager.default.fileExists(atPath: folder.file("etc/nginx/sites-enabled")), "the package's script decides")
        let named = try Shell.bash("grep -rl /opt/melascan/ '\(folder.path)' --exclude=README.md")
        #expect(named.output.isEmpty, "\(named.output)")
        let worker = try String(contentsOfFile: folder.file("lib/systemd/system/melascan.service"), encoding: .utf8)
        #expect(worker.contains("\nExecStart=/usr/sbin/MelaFCGI\n"))
    }

    /// A folder with our units. Programs and README are not installed on a machine that only tests.
    private func units(adding dropIn: String? = nil) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let source = Repository.path("deploy/systemd")
        for unit in try FileManager.default.contentsOfDirectory(atPath: source) where unit.hasPrefix("melascan") {
            let text = try Repository.text("deploy/systemd/\(unit)")
                .replacingOccurrences(of: "ExecStart=/opt/melascan/bin/MelaFCGI", with: "ExecStart=/bin/true")
                .replacingOccurrences(of: "ExecStart=/opt/melascan/bin/melascan", with: "ExecStart=/bin/true")
                .replacingOccurrences(of: "file:/opt/melascan/README.md", with: "file:/etc/hostname")
            try folder.write(text, to: unit)
        }
        for unit in ["melascan", "melascan-"] {
            let inside = folder.file("\(unit).service.d")
            try FileManager.default.createDirectory(atPath: inside, withIntermediateDirectories: true)
            for name in ["10-sandbox.conf", dropIn].compactMap({ $0 }) {
                try FileManager.default.copyItem(atPath: source + "/" + name, toPath: inside + "/" + name)
            }
        }
        return folder
    }

    @Test func `systemd finds nothing wrong with the units`() throws {
        let folder = try units()
        let names =
            ["melascan.socket", "melascan.service", "melascan-expire.service", "melascan-expire.timer"]
            + ["melascan-backup.service", "melascan-backup.timer"]
        let verified = try Shell.run("systemd-analyze", arguments: ["verify"] + names.map { folder.file($0) })
        #expect(verified.succeeded, "\(verified.output)")
        #expect(verified.output.isEmpty, "\(verified.output)")
    }

    @Test(arguments: ["melascan.service", "melascan-expire.service", "melascan-backup.service"])
    func `systemd rates each service at most 0.5, and at most 1.5 with a network for a database`(unit: String) throws {
        for (dropIn, threshold) in [(nil, 5), ("postgresql.conf", 15)] {
            let folder = try units(adding: dropIn)
            let rated = try Shell.run(
                "systemd-analyze", "security", "--offline=true", "--threshold=\(threshold)", folder.file(unit))
            #expect(rated.succeeded, "\(rated.output)")
            #expect(rated.output.contains("Overall exposure level"))
        }
    }

    @Test(arguments: ["expire", "backup"])
    func `the daily jobs run as the worker's user, with its settings and its key`(job: String) throws {
        let worker = try Repository.text("deploy/systemd/melascan.service").split(separator: "\n")
        let unit = try Repository.text("deploy/systemd/melascan-\(job).service").split(separator: "\n")
        for setting in ["User=", "EnvironmentFile=", "LoadCredential="] {
            #expect(worker.filter { $0.hasPrefix(setting) }.count == 1)
            #expect(unit.filter { $0.hasPrefix(setting) } == worker.filter { $0.hasPrefix(setting) })
        }
        // systemd's way to leave out what an unset variable stands for: skipped, not failed.
        #expect(unit.contains("ExecCondition=/usr/bin/test -n ${MELASCAN_RECORDS}"))
        #expect(unit.contains("Environment=MELASCAN_RECORDS="))
    }

    @Test func `the README leads from nothing to a service in at most ten commands that exist`() throws {
        let text = try Repository.text("deploy/README.md")
        let section = try #require(text.components(separatedBy: "\n## ").first { $0.hasPrefix("Ten commands") })
        let block = try #require(section.components(separatedBy: "```sh\n").dropFirst().first)
        let commands = try #require(block.components(separatedBy: "```").first)
            .replacingOccurrences(of: "\\\n", with: " ")
            .split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect((5...10).contains(commands.count), "\(commands)")
        for command in commands {
            let words = command.split(separator: " ").filter { $0 != "sudo" }
            if words[0] == "make" {
                let makefile = try Repository.text("Makefile")
                #expect(makefile.contains("\n\(words[1]):"), "\(command)")
            } else if words[0].hasPrefix("scripts/") {
                #expect(FileManager.default.isExecutableFile(atPath: Repository.path(String(words[0]))), "\(command)")
            }
        }
        #expect(commands.contains { $0.hasSuffix("make install") })
    }

    @Test func `the worker makes no system call that its sandbox forbids`() throws {
        let folder = try TemporaryFolder()
        let traced = try folder.write(
            program: "#!/bin/sh\nexec strace -D -f -o '\(folder.file("calls"))' '\(Repository.worker)'\n", to: "traced")
        let stack = try Stack(worker: traced)
        _ = try stack.http.get("/v1/ensemble")
        _ = try stack.http.post("/v1/analyses", [.file("image", Data("not a JPEG".utf8))])
        let photo = try Data(contentsOf: URL(filePath: Repository.path("Tests/Fixtures/imaging/landscape.jpg")))
        #expect(try stack.http.post("/v1/analyses", [.file("image", photo)]).status == 200)
        #expect(stack.stop() == 0)

        let allowed = try SystemCalls.allowed(by: Repository.text("deploy/systemd/10-sandbox.conf"))
        let made = try SystemCalls.made(in: folder.file("calls"))
        #expect(made.count > 10)
        // Making the socket is systemd's part in the service.
        let own: Set = ["socket", "bind", "listen", "chmod", "fchmod", "unlink"]
        let forbidden = made.filter { !allowed.contains($0.key) && !own.contains($0.key) }
        #expect(forbidden.isEmpty, "\(forbidden.values)")
        #expect(!made.values.contains { $0.contains("PROT_WRITE|PROT_EXEC") })
    }
}
