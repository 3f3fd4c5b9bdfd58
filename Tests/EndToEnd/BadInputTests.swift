import Foundation
import Testing

/// Photos and forms that make no sense, through nginx: each gets its problem, and the worker lives on.
@Suite(.serialized) struct `Bad input` {
    private static let shared = Result { try Stack() }
    private static let statuses = [
        "image-damaged": 422, "image-empty": 400, "image-too-many-pixels": 422, "image-too-complex": 422,
        "image-unsupported": 415, "image-not-jpeg": 415,
    ]
    let stack: Stack
    let photo: Data
    /// One pass in place of sixteen.
    let quick = [FormPart.text("views", "1"), FormPart.text("members", "1")]

    init() throws {
        stack = try Self.shared.get()
        photo = try Fixture.photo("odd.jpg")
    }

    // MARK: Photos

    @Test(arguments: try Fixture.refused())
    func `a file that is no sound JPEG is refused`(refused: Fixture.Refused) throws {
        let status = try #require(Self.statuses[refused.code])
        let bytes = try Fixture.photo(refused.file)
        for path in ["/melanoma", "/v1/analyses"] {
            let reply = try stack.http.post(path, [.file("image", bytes, named: refused.file)])
            expectProblem(reply, status, refused.code, path)
            #expect(!reply.text.contains(refused.file))
            #expect(try reply.json()["field"] as? String == "image")
            #expect(reply["Cache-Control"] == "no-store")
        }
        #expect(stack.fault() == nil)
    }

    @Test(arguments: [("photo.png", "PNG", "as JPEG"), ("photo.heic", "HEIC", "Most Compatible")])
    func `a PNG and a HEIC are told from damage, with what to do`(file: String, format: String, advice: String) throws {
        // Whatever the browser calls them: the bytes count.
        for type in ["image/jpeg", "application/octet-stream"] {
            let reply = try stack.http.post(
                "/v1/analyses", [.file("image", Fixture.photo(file), named: "mole.jpg", type: type)])
            expectProblem(reply, 415, "image-not-jpeg")
            let detail = try reply.json()["detail"] as? String ?? ""
            #expect(detail.contains(format) && detail.contains(advice), "\(detail)")
        }
        let page = try stack.http.post(
            "/v1/analyses", [.file("image", Fixture.photo(file))], headers: [("Accept", "text/html")])
        #expect(page.status == 415)
        #expect(page["Content-Type"] == "text/html; charset=utf-8")
        #expect(page.text.contains(advice))
        #expect(stack.fault() == nil)
    }

    @Test func `a photo of 65,535 by 65,535 pixels is refused before memory is spent`() throws {
        _ = try stack.http.post("/v1/analyses", [.file("image", photo)])
        let before = try stack.peakMegabytes()
        let reply = try stack.http.post("/v1/analyses", [.file("image", Fixture.photo("65535.jpg"))])
        expectProblem(reply, 422, "image-too-many-pixels")
        // 12.9 GB, had it been decoded.
        #expect(try stack.peakMegabytes() < before + 50)
        #expect(stack.fault() == nil)
    }

    @Test func `a photo of 100 scans is refused`() throws {
        let reply = try stack.http.post("/v1/analyses", [.file("image", Fixture.photo("bomb-100-scans.jpg"))])
        expectProblem(reply, 422, "image-too-complex")
        #expect(stack.fault() == nil)
    }

    @Test(arguments: ["grayscale.jpg", "cmyk.jpg", "ycck.jpg"])
    func `greyscale and CMYK photos are read, and one without colour is not judged`(file: String) throws {
        let reply = try stack.http.post("/v1/analyses", [.file("image", Fixture.photo(file))] + quick)
        #expect(reply.status == 200, "\(reply.text)")
        let json = try reply.json()
        let reasons = (json["reasons"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String }
        #expect(reasons.contains("greyscale") == (file == "grayscale.jpg"), "\(reasons)")
        if file == "grayscale.jpg" { #expect(json["verdict"] as? String == "cannot_judge") }
        let original = try stack.http.post("/melanoma", [.file("image", Fixture.photo(file))])
        #expect(original.status == 200)
        #expect((0...1).contains(try original.json()["confidence"] as? Double ?? -1))
        #expect(stack.fault() == nil)
    }

    // MARK: Forms

    @Test func `a form without a photo, with an empty one or with two is refused`() throws {
        for (parts, status, code) in [
            ([], 400, "image-missing"),
            ([.text("age", "63")], 400, "image-missing"),
            ([.file("picture", photo)], 400, "image-missing"),
            ([.file("Image", photo)], 400, "image-missing"),
            ([.file("image", Data())], 400, "image-empty"),
            ([.file("image", photo), .file("image", photo)], 400, "image-repeated"),
            ([.text("image", "not a photo")], 415, "image-not-jpeg"),
        ] as [([FormPart], Int, String)] {
            // A form of no parts at all is only its end, which is no form either.
            let reply = try stack.http.post("/v1/analyses", parts)
            expectProblem(reply, status, code, "\(parts.map(\.name))")
        }
        #expect(stack.fault() == nil)
    }

    @Test(arguments: [
        ("age", "999"), ("age", "-1"), ("age", "121"), ("age", "63.5"), ("age", "old"), ("sex", "x"), ("site", "knee"),
        ("views", "0"), ("views", "9"), ("members", "99"), ("views", "99999999999999999999"), ("age", "６３"),
    ])
    func `a field outside its limits is named`(name: String, value: String) throws {
        let reply = try stack.http.post("/v1/analyses", [.file("image", photo), .text(name, value)])
        expectProblem(reply, 422, "field-invalid", "\(name)=\(value)")
        #expect(try reply.json()["field"] as? String == name)
        #expect(!reply.text.contains(value) || value.count < 3, "what was sent is not echoed")
        #expect(stack.fault() == nil)
    }

    @Test func `the limits of each field are taken`() throws {
        for (name, value) in [("age", "0"), ("age", "120"), ("sex", "unknown"), ("site", "oral/genital"), ("age", "")] {
            let reply = try stack.http.post("/v1/analyses", [.file("image", photo), .text(name, value)] + quick)
            #expect(reply.status == 200, "\(name)=\(value) \(reply.text)")
        }
        #expect(stack.fault() == nil)
    }

    @Test func `a wrong, missing or overlong boundary and another type of form are refused`() throws {
        let form = FormPart.encoded([.file("image", photo)], boundary: "right")
        for (type, status, code) in [
            ("multipart/form-data; boundary=wrong", 400, "form-invalid"),
            ("multipart/form-data; boundary=righ", 400, "form-invalid"),
            ("multipart/form-data; boundary=", 400, "form-invalid"),
            ("multipart/form-data", 400, "form-invalid"),
            ("multipart/form-data; boundary=" + String(repeating: "b", count: 71), 400, "form-invalid"),
            ("multipart/mixed; boundary=right", 415, "form-type"),
            ("application/x-www-form-urlencoded", 415, "form-type"),
            ("application/json", 415, "form-type"),
            ("image/jpeg", 415, "form-type"),
            ("", 415, "form-type"),
        ] {
            let reply = try stack.http.request(
                "POST", "/v1/analyses", headers: [("Content-Type", type)], body: form.body)
            expectProblem(reply, status, code, type)
        }
        let untyped = try stack.http.request("POST", "/v1/analyses", body: form.body)
        expectProblem(untyped, 415, "form-type")
        #expect(stack.fault() == nil)
    }

    @Test func `parts that cannot be told apart are refused`() throws {
        let good = FormPart.encoded([.file("image", photo)])
        let type = [("Content-Type", good.contentType)]
        let end = Data("--\r\n".utf8).count
        let many = (0..<40).map { FormPart.text("field\($0)", "x") } + [.file("image", photo)]
        let padded = FormPart(
            name: String(repeating: "n", count: 5000), fileName: nil, contentType: nil, bytes: Data())
        var unended = Data("------melascan-test-boundary\r\nContent-Disposition: form-data; name=\"image\"\r\n".utf8)
        unended += Data(repeating: 0x41, count: 10_000)
        for (what, body) in [
            ("no end", Data(good.body.dropLast(end))),
            ("cut in the photo", Data(good.body.prefix(good.body.count / 2))),
            ("cut in a header", Data(good.body.prefix(60))),
            ("empty", Data()),
            ("no delimiter", photo),
            ("41 parts", FormPart.encoded(many).body),
            ("a header of 5,000 bytes", FormPart.encoded([padded, .file("image", photo)]).body),
            ("a header without an end", unended),
        ] {
            let reply = try stack.http.request("POST", "/v1/analyses", headers: type, body: body)
            expectProblem(reply, 400, "form-invalid", what)
        }
        #expect(stack.fault() == nil)
    }

    // MARK: Sizes

    /// Around the sizes of buffers: nginx's, FastCGI's records (65,528 and 65,535 bytes), the limit.
    @Test(arguments: [
        2200, 4095, 4096, 8191, 8192, 8193, 16_383, 16_384, 32_767, 32_768, 65_527, 65_528, 65_529, 65_535, 65_536, 65_537,
        1_048_575, 1_048_576, 1_048_577, 20_971_519, 20_971_520,
    ])
    func `a body of any size up to the limit arrives whole`(size: Int) throws {
        // Behind the photo's end marker; the age comes last, so that only the whole body brings it.
        func form(_ padding: Int) -> (contentType: String, body: Data) {
            FormPart.encoded(
                quick + [.file("image", photo + Data(repeating: 0x5A, count: padding)), .text("age", "63")], boundary: "b")
        }
        let padding = size - form(0).body.count
        try #require(padding >= 0)
        let (type, body) = form(padding)
        #expect(body.count == size)
        let reply = try stack.http.request("POST", "/v1/analyses", headers: [("Content-Type", type)], body: body)
        #expect(reply.status == 200, "\(reply.text.prefix(300))")
        let json = try reply.json()
        #expect((json["patient"] as? [String: Any])?["age"] as? Int == 63)
        #expect((json["image"] as? [String: Any])?["width"] as? Int == 97)
        #expect(stack.fault() == nil)
    }

    @Test func `a body of one byte is no form, and one byte over the limit is too much`() throws {
        let type = "multipart/form-data; boundary=b"
        let one = try stack.http.request(
            "POST", "/v1/analyses", headers: [("Content-Type", type)], body: Data("-".utf8))
        expectProblem(one, 400, "form-invalid")
        let over = Data(count: 20_971_521)
        let large = try stack.http.request("POST", "/v1/analyses", headers: [("Content-Type", type)], body: over)
        expectProblem(large, 413, "body-too-large")
        // The worker's own limit, for the day when nginx's differs.
        let direct = try FastCGIClient.call(
            stack.socket, "POST", "/v1/analyses", body: over, parameters: [("CONTENT_TYPE", type)])
        expectProblem(direct.http, 413, "body-too-large")
        let announced = try FastCGIClient.call(
            stack.socket, "POST", "/v1/analyses", length: "9223372036854775807", parameters: [("CONTENT_TYPE", type)])
        expectProblem(announced.http, 413, "body-too-large")
        #expect(stack.fault() == nil)
    }
}
