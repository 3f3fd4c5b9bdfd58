import Foundation
import Testing

/// One photo, one number: whichever way it is asked for.
@Suite(.serialized) struct `The same number` {
    private static let shared = Result { try Stack(environment: ["MELASCAN_EARLY_STOP": "on"]) }
    private static let photos = [
        "landscape.jpg", "portrait.jpg", "odd.jpg", "small.jpg", "orientation-6.jpg", "orientation-3.jpg", "progressive.jpg",
        "cmyk.jpg", "grayscale.jpg", "one-pixel.jpg", "trailing-bytes.jpg",
    ]
    let stack: Stack

    init() throws {
        stack = try Self.shared.get()
    }

    /// What `melascan analyze --json` prints, an object a line; with an early end, as the server is set to.
    private func tool(_ words: [String]) throws -> [[String: Any]] {
        // Its own words go to stderr.
        let list = ((words.contains("--no-early-stop") ? words : words + ["--early-stop"]).map { "'\($0)'" }).joined(
            separator: " ")
        let ran = try Shell.bash("exec '\(Repository.tool)' analyze --json \(list) 2>/dev/null")
        try #require(ran.succeeded, "\(ran.output)")
        return try ran.output.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
    }

    private func number(_ object: [String: Any], _ name: String = "probability") throws -> Double {
        try #require(object[name] as? Double, "\(object)")
    }

    /// Asks the server in all its ways, and holds each answer to the tool's.
    ///
    /// - Parameter whole: the tool's answer of all passes; nil where the original app, which gets those, can't ask the same.
    private func expectServer(
        _ bytes: Data, equals tool: [String: Any], whole: [String: Any]? = nil, adding fields: [FormPart] = [], _ what: String
    ) throws {
        let form = [.file("image", bytes)] + fields
        let expected = try number(tool)

        let json = try stack.http.post("/v1/analyses", form).json()
        #expect(abs(try number(json) - expected) < 1e-6, "\(what)")
        #expect(abs(try number(json, "raw_probability") - number(tool, "raw_probability")) < 1e-6, "\(what)")
        for name in [
            "verdict", "passes", "early_stop", "budget", "image", "ensemble", "operating_point", "notice", "remarks", "patient",
        ] {
            #expect(json[name] as? NSObject == tool[name] as? NSObject && json[name] != nil, "\(what): \(name)")
        }
        let (ours, theirs) = try (#require(json["classes"] as? [String: Double]), #require(tool["classes"] as? [String: Double]))
        #expect(ours.count == 9 && Set(ours.keys) == Set(theirs.keys))
        for (name, value) in ours { #expect(abs(value - theirs[name, default: -1]) < 2e-6, "\(what): \(name)") }

        let (last, analysis) = try events(form)
        #expect(abs(try number(analysis) - expected) < 1e-6, "\(what): event stream")
        #expect(abs(try number(last) - expected) < 1e-6, "\(what): last progress")

        let page = try stack.http.post("/v1/analyses", form, headers: [("Accept", "text/html")])
        let shown = page.text.firstMatch(of: /id="score">([0-9.]+)/).flatMap { Double($0.1) }
        #expect(page.status == 200)
        if json["verdict"] as? String == "cannot_judge" {
            #expect(shown == nil, "\(what): a page gives no figure for a photo that cannot be judged")
        } else {
            #expect(abs(try #require(shown) - 100 * expected) < 0.0501, "\(what): page")
        }
        guard let whole else { return }
        let original = try stack.http.post("/melanoma", form).json()
        #expect(original.count == 1)
        #expect(abs(try number(original, "confidence") - number(whole, "raw_probability")) < 1e-6, "\(what): /melanoma")
    }

    /// The last progress and the analysis of an event stream.
    private func events(_ parts: [FormPart]) throws -> (progress: [String: Any], analysis: [String: Any]) {
        let form = FormPart.encoded(parts)
        let connection = try stack.http.open()
        try connection.sendHead(
            "POST", "/v1/analyses", headers: [("Content-Type", form.contentType), ("Accept", "text/event-stream")],
            length: form.body.count)
        try connection.send(form.body)
        let head = try connection.head()
        #expect(head.status == 200 && head["Content-Type"] == "text/event-stream")
        var all: [(name: String, data: [String: Any])] = []
        while let event = try connection.event() {
            let data = try JSONSerialization.jsonObject(with: Data(event.data.utf8)) as? [String: Any]
            all.append((event.name, try #require(data)))
        }
        let passes = try #require(all.last?.data["passes"] as? Int)
        #expect(all.dropLast().map(\.name) == Array(repeating: "progress", count: passes))
        #expect(all.dropLast().compactMap { $0.data["done"] as? Int } == Array(1...passes))
        #expect(all.last?.name == "analysis")
        return (try #require(all.dropLast().last).data, try #require(all.last).data)
    }

    @Test func `comes from the server in all its ways and from the tool`() throws {
        let lines = try tool(Self.photos.map(Fixture.path))
        let wholes = try tool(["--no-early-stop"] + Self.photos.map(Fixture.path))
        try #require(lines.count == Self.photos.count && wholes.count == lines.count)
        for (photo, (line, whole)) in zip(Self.photos, zip(lines, wholes)) {
            try expectServer(Fixture.photo(photo), equals: line, whole: whole, photo)
        }
        #expect(lines.contains { $0["early_stop"] is [String: Any] } && wholes.allSatisfy { $0["passes"] as? Int == 16 })
        #expect(Set(try lines.map { try number($0) }).count >= Self.photos.count - 1, "the photos are told apart")
        #expect(stack.fault() == nil)
    }

    @Test func `comes with fewer views and members, and with a patient`() throws {
        let path = Fixture.path("landscape.jpg")
        let whole = try number(try #require(try tool([path]).first))
        let line = try #require(
            try tool([path, "--views", "2", "--members", "1", "--age", "63", "--sex", "female", "--site", "torso"]).first)
        #expect(line["passes"] as? Int == 2)
        #expect(try number(line) != whole)
        try expectServer(
            Fixture.photo("landscape.jpg"), equals: line,
            adding: [
                .text("views", "2"), .text("members", "1"), .text("age", "63"), .text("sex", "female"), .text("site", "torso"),
            ], "2 passes")
    }

    @Test func `comes for a photo of 12 megapixels, whose every byte counts`() throws {
        let folder = try TemporaryFolder()
        let photo = try LargePhoto.make(comment: "a phone's")
        try photo.write(to: URL(fileURLWithPath: folder.file("large.jpg")))
        let line = try #require(try tool([folder.file("large.jpg")]).first)
        #expect((line["image"] as? [String: Any])?["height"] as? Int == LargePhoto.height)
        try expectServer(photo, equals: line, "12 megapixels")
    }

    @Test func `is refused by the tool where the server refuses, in the same words`() throws {
        for (file, word) in [("photo.png", "PNG"), ("truncated.jpg", "damaged"), ("bomb-100-scans.jpg", "scans")] {
            let ran = try Shell.run(Repository.tool, "analyze", Fixture.path(file))
            #expect(!ran.succeeded && ran.output.contains(word), "\(ran.output)")
            let reply = try stack.http.post("/v1/analyses", [.file("image", Fixture.photo(file))])
            #expect(reply.status >= 400 && reply.text.contains(word), "\(reply.text)")
        }
    }
}
