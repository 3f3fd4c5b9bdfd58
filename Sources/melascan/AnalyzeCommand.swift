import ArgumentParser
import FoundationEssentials
import Imaging
import Model

/// `melascan analyze`: photos in, one answer each.
struct AnalyzeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze", abstract: "Analyses photos and prints what the server would answer.")

    @Argument(help: "JPEG files.", completion: .file(extensions: ["jpg", "jpeg"]))
    var photos: [String]

    @OptionGroup var engine: EngineOptions

    @Option(help: "Views a member, for a quicker answer.")
    var views: Int?

    @Option(help: "The first so many members, for a quicker answer.")
    var members: Int?

    @Option(help: "The patient's age in years.")
    var age: String?

    @Option(help: "The patient's sex: female, male or unknown.")
    var sex: String?

    @Option(help: "Where the lesion is, such as torso or \"upper extremity\".")
    var site: String?

    @Option(help: "The operating point's name; the bundle's first if not given.")
    var operatingPoint: String?

    @Flag(help: "Prints the server's JSON object, one a line.")
    var json = false

    @Flag(
        inversion: .prefixedNo, help: "Ends once further passes can hardly move the verdict, where the bundle has a rule for it.")
    var earlyStop = true

    @Flag(help: "Adds each pass's score to the JSON object.")
    var passes = false

    func run() throws {
        let ensemble = try engine.load()
        var options = Ensemble.Options()
        options.views = views
        options.members = members
        options.stopsEarly = earlyStop
        options.listsPasses = passes
        options.patient = try PatientInformation(age: age, sex: sex, site: site)
        options.operatingPoint = try ensemble.operatingPoint(named: operatingPoint)
        try ensemble.check(options)
        _ = try ensemble.selfTest()
        var failed = false
        for photo in photos {
            do {
                let analysis = try analyze(photo, with: ensemble, options: options)
                if json {
                    print(String(decoding: try AnswerJSON.encode(analysis), as: UTF8.self))
                } else {
                    print(AnalysisText.describe(analysis, photo: photo))
                }
            } catch {
                failed = true
                Terminal.complain("\(photo): \(Complaint.text(error))")
            }
        }
        if failed { throw ExitCode.failure }
    }

    private func analyze(_ path: String, with ensemble: Ensemble, options: Ensemble.Options) throws -> Analysis {
        let total = Stopwatch()
        var lap = Stopwatch()
        let bytes = try Photo.read(path)
        _ = lap.lap()
        let image = try bytes.withUnsafeBytes { bytes throws(ImagingError) in
            try JPEGDecoder().decode(bytes, threads: ensemble.threads)
        }
        let decode = lap.lap()
        let photo = ensemble.prepare(image)
        let preprocess = lap.lap()
        let bar = ProgressBar(unit: "passes")
        defer { bar.clear() }
        var analysis = try ensemble.analyze(
            photo, options: options, progress: { bar.show(done: $0.done, of: $0.of) })
        analysis.timingMs.decode = decode
        analysis.timingMs.preprocess = preprocess
        analysis.timingMs.total = total.milliseconds
        analysis.timingMs.round()
        return analysis
    }
}
