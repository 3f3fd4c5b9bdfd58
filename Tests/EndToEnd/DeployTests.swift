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

/// The clinic's site in front of a real worker.
@Suite struct `The clinic's nginx` {
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        + "connect-src 'self' http: https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"

    static func expectStrictHeaders(_ reply: HTTPReply, _ what: String) {
        #expect(reply.all("Content-Security-Policy") == [policy], "\(what)")
        #expect(reply.all("X-Content-Type-Options") == ["nosniff"], "\(what)")
        #expect(reply.all("Referrer-Policy") == ["same-origin"], "\(what)")
        #expect(reply["Permissions-Policy"]?.contains("geolocation=()") == true, "\(what)")
        #expect(reply["Server"] == "nginx", "\(what)")
    }

    @Test func `serves the page with strict headers and lets the browser keep it`() throws {
        let stack = try Stack(worker: nil)
        let page = try stack.http.get("/")
        #expect(page.status == 200)
        #expect(page["Content-Type"] == "text/html; charset=utf-8")
        #expect(page["Cache-Control"] == "no-cache")
        Self.expectStrictHeaders(page, "/")
        let tag = try #require(page["ETag"])
        #expect(try stack.http.get("/", headers: [("If-None-Match", tag)]).status == 304)
        let module = try #require(
            try FileManager.default.contentsOfDirectory(atPath: Repository.path("web/js")).first { $0.hasSuffix(".js") }
        )
        #expect(try stack.http.get("/js/\(module)")["Content-Type"] == "text/javascript; charset=utf-8")
        #expect(try stack.http.get("/.hidden").status == 404)
        #expect(try stack.http.get("/../deploy/nginx.conf").status == 400)
    }

    @Test func `says in a problem what to do about every error of its own`() throws {
        let stack = try Stack(worker: nil)
        let large = "Content-Length: 20971521\r\n"
        let long = String(repeating: "a", count: 40_000)
        for (status, code, request) in [
            (400, "request-invalid", "GET / HTTP/1.1\r\n"),
            (400, "request-invalid", "GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n"),
            (404, "path-unknown", "GET /nothing HTTP/1.1\r\nHost: a\r\n"),
            (405, "method-not-allowed", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"),
            (411, "length-required", "POST /melanoma HTTP/1.1\r\nHost: a\r\n"),
            (411, "length-required", "POST /melanoma HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"),
            (413, "body-too-large", "POST /melanoma HTTP/1.1\r\nHost: a\r\n\(large)"),
            (414, "address-too-long", "GET /\(long) HTTP/1.1\r\nHost: a\r\n"),
            (502, "worker-down", "GET /v1/ensemble HTTP/1.1\r\nHost: a\r\n"),
        ] {
            let reply = try stack.http.exchange(Data((request + "\r\n").utf8))
            let what = "\(status) \(code)"
            #expect(reply.status == status, "\(what)")
            #expect(reply.problem == code, "\(what)")
            #expect(try reply.json()["status"] as? Int == status, "\(what)")
            #expect((try reply.json()["detail"] as? String ?? "").hasSuffix("."), "\(what)")
            #expect(reply["Cache-Control"] == "no-store", "\(what)")
            #expect((reply["Retry-After"] != nil) == (status == 502), "\(what)")
            #expect((reply["Allow"] != nil) == (status == 405), "\(what)")
            Self.expectStrictHeaders(reply, what)
        }
    }

    @Test func `hands on the worker's own answers untouched and never to be stored`() throws {
        let stack = try Stack()
        for path in ["/v1/nothing", "/v1/ensemble"] {
            let direct = try FastCGIClient.call(stack.socket, "GET", path).http
            let reply = try stack.http.get(path)
            #expect(reply.status == direct.status)
            #expect(reply.body == direct.body)
            #expect(reply.all("Cache-Control") == ["no-store"])
            Self.expectStrictHeaders(reply, path)
        }
    }

    @Test(arguments: ["/v1/consents/lookup", "/v1/%63onsents/lookup", "/v1//withdrawal%73"])
    func `limits how fast codes are tried, however the path is written`(path: String) throws {
        let stack = try Stack(worker: nil)
        let many = try Shell.bash(
            "curl -s --noproxy '*' -o /dev/null -w '%{http_code} ' -d a=b 'http://127.0.0.1:\(stack.port)\(path)?[1-300]'")
        #expect(many.output.hasPrefix("502 "))
        #expect(many.output.contains(" 429 "))
    }

    @Test func `shows metrics to this machine only`() throws {
        let stack = try Stack()
        #expect(try stack.http.get("/metrics").status == 200)
        let other = try RawHTTP(port: stack.port, source: "127.0.0.2").get("/metrics")
        #expect(other.status == 403)
        #expect(other.problem == "forbidden")
    }

    @Test func `a body of 15 MB touches no disk, and no log tells who sent what`() throws {
        let stack = try Stack()
        let trace = try FileTrace(stack.processes)
        let body = Data((0..<15_000_000).lazy.map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let reply = try stack.http.post(
            "/v1/analyses?name=jane", [.file("image", body, named: "jane-doe.jpg")],
            headers: [("User-Agent", "jane-phone"), ("Referer", "http://jane.example/")])
        #expect(try stack.http.get("/jane-doe.jpg").status == 404)
        #expect(trace.writes() == [])
        // What is no JPEG is refused, by the worker: so all of it has passed through nginx.
        #expect((400..<500).contains(reply.status) && reply.status != 413, "\(reply.status) \(reply.text)")
        #expect(stack.accessLog.contains(" POST /v1/analyses \(reply.status) "), "\(stack.accessLog)")
        #expect(stack.accessLog.contains(" GET (other) 404 "), "\(stack.accessLog)")
        for log in [stack.accessLog, stack.nginxLog, stack.workerLog] {
            #expect(!log.lowercased().contains("jane"), "\(log)")
            #expect(!log.contains("temporary file"), "\(log)")
        }
    }
}

/// The cloud's site, with a certificate for localhost. What stands behind it is the same.
@Suite struct `The cloud's nginx` {
    let stack: Stack

    init() throws {
        stack = try Stack(worker: nil, site: .cloud(TestCertificate()))
    }

    @Test(arguments: [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)])
    func `takes TLS from 1.2 on`(version: String, isTaken: Bool) throws {
        // Level 0, so that it is the server that refuses, not this machine's openssl.
        let shown = try Shell.bash(
            "openssl s_client \(version) -cipher ALL:@SECLEVEL=0 -connect 127.0.0.1:\(stack.tlsPort) </dev/null 2>&1")
        #expect(shown.output.contains("Cipher is (NONE)") != isTaken, "\(shown.output)")
        #expect(shown.output.contains("alert protocol version") != isTaken, "\(shown.output)")
        // In TLS 1.3 a ticket holds no more than a number, where the server keeps the sessions.
        #expect(version == "-tls1_3" || !shown.output.contains("TLS session ticket:"))
    }

    @Test func `leads pages to HTTPS and refuses photos in the clear`() throws {
        let page = try stack.http.get("/v1/ensemble?x=1")
        #expect(page.status == 301)
        #expect(page["Location"] == "https://localhost:\(stack.tlsPort)/v1/ensemble?x=1")
        let photo = try stack.http.post("/melanoma", [.file("image", Data(count: 100))])
        #expect(photo.status == 403)
        #expect(photo.problem == "https-required")
    }

    @Test func `speaks HTTP 2, asks for HTTPS from then on, and limits each address`() throws {
        let curl = "curl -sk --noproxy '*' --http2"
        let page = try Shell.bash("\(curl) -I https://localhost:\(stack.tlsPort)/").output.lowercased()
        #expect(page.hasPrefix("http/2 200"))
        #expect(page.contains("\nstrict-transport-security: max-age=63072000"))
        #expect(page.contains("connect-src 'self' https:;"))
        let many = try Shell.bash(
            "\(curl) -o /dev/null -w '%{http_code} ' -d a=b 'https://localhost:\(stack.tlsPort)/v1/analyses?[1-40]'"
        )
        #expect(many.output.hasPrefix("502 "))
        #expect(many.output.hasSuffix(" 429 "))
        let refused = try Shell.bash("\(curl) -i -d a=b https://localhost:\(stack.tlsPort)/v1/analyses").output
        #expect(refused.contains("too-many-requests"))
        #expect(refused.contains("retry-after: 5"))
    }
}

/// The scripts behind `make run`.
@Suite struct `make run` {
    let folder: TemporaryFolder
    let port: UInt16
    var log: String { (try? String(contentsOfFile: folder.path + ".log", encoding: .utf8)) ?? "" }

    init() throws {
        folder = try TemporaryFolder("melascan-run")
        port = try Socket.freePort()
    }

    /// Starts scripts/run with the programs in `binaries`.
    func start(_ binaries: String = Repository.binaries) throws -> Child {
        try Child(
            Repository.path("scripts/run"),
            environment: [
                "PORT": String(port), "MELASCAN_ADDRESS": "127.0.0.1", "MELASCAN_BIN_DIR": binaries,
                "XDG_RUNTIME_DIR": folder.path,
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
        #expect(waitUntil(within: 60) { log.contains("Ready.") || !run.isRunning }, "\(log)")
        #expect(log.contains("http://127.0.0.1:\(port)/"), "\(log)")
        #expect(try RawHTTP(port: port).get("/").status == 200)
        #expect(run.stop(signal, within: 60) == 0, "\(log)")
        try expectNothingLeft()
    }

    @Test func `stops nginx and says so when the worker dies`() throws {
        let run = try start()
        #expect(waitUntil(within: 60) { log.contains("Ready.") || !run.isRunning }, "\(log)")
        #expect(try Shell.run("pkill", "-KILL", "-P", String(run.pid), "MelaFCGI").succeeded)
        #expect(run.wait(30) == 1)
        #expect(log.contains("The worker (MelaFCGI) has ended"), "\(log)")
        try expectNothingLeft()
    }

    @Test func `shows why a worker does not start`() throws {
        let broken = try TemporaryFolder()
        try broken.write(program: "#!/bin/sh\necho the weights do not match >&2\nexit 78\n", to: "MelaFCGI")
        let run = try start(broken.path)
        #expect(run.wait(30) == 1)
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
        let path = folder.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        let shell = try Shell.run(
            Repository.path(script[0]), arguments: Array(script.dropFirst()), environment: ["PATH": path])
        return (shell, (try? String(contentsOfFile: folder.file("apt"), encoding: .utf8)) ?? "")
    }

    @Test func `prints the one line to run when packages are missing and the user is not root`() throws {
        let (shell, apt) = try onANewMachine("scripts/packages", "run", user: 1000)
        #expect(shell.status == 1)
        let lines = shell.output.split(separator: "\n").filter { $0.contains("apt-get install") }
        #expect(lines.count == 1)
        #expect(lines.first?.contains(" libturbojpeg0-dev") == true)
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
