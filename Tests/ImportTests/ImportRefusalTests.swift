import Checkpoints
import Foundation
import Import
import Testing

@testable import Model

/// What can't be imported is said in words, and nothing is left of the attempt.
@Suite struct ImportRefusalTests {
    /// The refusal's words; nothing may be left in the folder but what was there.
    private func refusal(_ options: ImportOptions, in scratch: Scratch) throws -> String {
        let before = scratch.contents
        do {
            _ = try Importer(options: options).run()
            Issue.record("it was imported")
            return ""
        } catch {
            #expect(scratch.contents == before)
            return error.description
        }
    }

    private func refusal(_ file: String, _ change: (inout ImportOptions) -> Void = { _ in }) throws -> String {
        let scratch = try Scratch()
        var options = scratch.options(file)
        change(&options)
        return try refusal(options, in: scratch)
    }

    @Test func `the winners' other two networks are refused by name`() throws {
        let words = try refusal("9c_nest101_2e_640_ext_15ep_best_fold0.pth")
        #expect(words.contains("it is a ResNeSt-101, and MelaScan runs EfficientNets only. Leave it out."))
    }

    @Test func `a network of unknown paddings must be named, with what its tensors show`() throws {
        let words = try refusal("geffnet-b0.pt") { $0.inputSize = 97 }
        #expect(words.contains("EfficientNet b0") && words.contains("--architecture efficientnet_b0"))
        #expect(try refusal("geffnet-b0.pt") { $0.architecture = "efficientnet_b0" }.contains("--classes"))
        let sizeless = try refusal("geffnet-b0.pt") {
            $0.architecture = "efficientnet_b0"
            $0.classes = ["nevus", "melanoma"]
        }
        #expect(sizeless.contains("--input-size"))
    }

    @Test func `another architecture, other classes and other metadata than the file has are refused`() throws {
        let architecture = try refusal(ImportTests.b4) { $0.architecture = "tf_efficientnet_b3" }
        #expect(architecture.contains("it is no tf_efficientnet_b3") && architecture.contains("EfficientNet b4"))
        #expect(try refusal(ImportTests.b4) { $0.architecture = "resnet50" }.contains("not an architecture that is known"))
        #expect(
            try refusal(ImportTests.b4) { $0.classes = ["nevus", "melanoma"] }.contains(
                "it has 9 outputs, but 2 classes were named"))
        #expect(try refusal(ImportTests.b4) { $0.target = "mole" }.contains("--target"))
        #expect(try refusal(ImportTests.b4) { $0.metadata = WinnersModel.metadataInputs }.contains("no layers for metadata"))
        #expect(try refusal(ImportTests.b3) { $0.metadata = ["sex"] }.contains("it has 14 metadata inputs, but 1 were named"))
        #expect(try refusal(ImportTests.b3) { $0.metadata = [] }.contains("it has layers for 14 metadata inputs"))
        #expect(try refusal(ImportTests.b3) { $0.asOriginal = true }.contains("TensorFlow's kind"))
        #expect(try refusal(ImportTests.b4) { $0.inputSize = 4096 }.contains("between 32 and 2048"))
        #expect(try refusal(ImportTests.b4) { $0.weights = [1, 2] }.contains("2 weights were given for 1 files"))
        #expect(try refusal(ImportTests.b4) { $0.defaults = .init(views: 9) }.contains("more views or members than there are"))
    }

    @Test(arguments: ["calls-os-system", "text", "zip-truncated", "deep-tuples"])
    func `hostile and damaged files are refused by name`(_ name: String) throws {
        #expect(try refusal("hostile/\(name).pth").hasPrefix("\(name).pth "))
    }

    @Test func `the same file twice, and an ensemble that import did not make, are refused`() throws {
        let scratch = try Scratch()
        #expect(try refusal(scratch.options(ImportTests.b4, ImportTests.b4), in: scratch).contains("are the same file"))
        try FileManager.default.copyItem(
            at: Scratch.root.appending(path: "ensembles/default"), to: URL(filePath: scratch.bundle))
        var options = scratch.options(ImportTests.b4)
        options.replaces = true
        #expect(try refusal(options, in: scratch).contains("was not made by import, so it is not replaced"))
    }

    @Test func `options that outweigh a known name are noted`() throws {
        let scratch = try Scratch()
        var options = scratch.options(ImportTests.b4)
        options.inputSize = 128
        let outcome = try Importer(options: options).run()
        #expect(outcome.notes == ["\(ImportTests.b4): its name says 448 pixels; 128 were asked for."])
        #expect(outcome.manifest.members[0].inputSize == 128)
    }

    @Test func `a missing file, and one bad file among good ones, leave nothing`() throws {
        #expect(try refusal("nothing.pth").contains("nothing.pth cannot be read"))
        #expect(try refusal("nothing_fold*.pth").contains("No file matches"))
        let scratch = try Scratch()
        #expect(try refusal(scratch.options([ImportTests.b4, "hostile/text.pth"]), in: scratch).contains("text.pth"))
    }

    @Test func `an ensemble that is there is kept unless it is to be replaced, and anything else is never replaced`() throws {
        let scratch = try Scratch()
        var options = scratch.options("geffnet-b0.pt")
        options.architecture = "efficientnet_b0"
        options.inputSize = 64
        options.classes = ["nevus", "melanoma"]
        _ = try Importer(options: options).run()
        #expect(scratch.contents == ["bundle"])
        options.inputSize = 96
        #expect(try refusal(options, in: scratch).contains("--replace"))
        options.replaces = true
        _ = try Importer(options: options).run()
        #expect(scratch.contents == ["bundle"])
        let manifest = try Manifest(json: Data(contentsOf: URL(filePath: scratch.bundle + "/ensemble.json")))
        #expect(manifest.members[0].inputSize == 96)
        let notes = URL(filePath: scratch.bundle + "/notes.txt")
        try Data("mine".utf8).write(to: notes)
        #expect(try refusal(options, in: scratch).contains("holds notes.txt, which is no part of its ensemble"))
        try FileManager.default.removeItem(at: notes)
        var own = options
        own.files = [scratch.bundle + "/geffnet-b0.safetensors"]
        #expect(try refusal(own, in: scratch).contains("holds files that are to be imported"))
        try FileManager.default.removeItem(atPath: scratch.bundle + "/ensemble.json")
        #expect(try refusal(options, in: scratch).contains("is no ensemble, so it is not replaced"))
        options.destination = "/proc/melascan"
        #expect(try refusal(options, in: scratch).contains("can't be"))
    }

    @Test func `an import that is stopped at any moment leaves nothing, and the next one works`() throws {
        let scratch = try Scratch()
        var asked = 0
        for moment in [0, 1, 2, 5, 50, 300] {
            asked = 0
            let importer = Importer(
                options: scratch.options(ImportTests.b4),
                isStopped: {
                    asked += 1
                    return asked > moment
                })
            #expect(throws: ImportError.stopped) { try importer.run() }
            #expect(scratch.contents.isEmpty)
        }
        // What a killed import left is cleared away.
        try FileManager.default.createDirectory(
            at: scratch.folder.appending(path: ".bundle.partial/rest"), withIntermediateDirectories: true)
        _ = try Importer(options: scratch.options(ImportTests.b4)).run()
        #expect(scratch.contents == ["bundle"])
    }

    @Test func `weights that are no numbers are refused`() throws {
        let scratch = try Scratch()
        let file = scratch.folder.appending(path: "geffnet-b0.pt")
        var bytes = try Data(contentsOf: Scratch.fixtures.appending(path: "efficientnet_pytorch-b0.pth"))
        bytes = try Data(contentsOf: Scratch.root.appending(path: "ensembles/default/tf_efficientnet_lite0.safetensors"))
        bytes.replaceSubrange((bytes.count - 2)..<bytes.count, with: [0x00, 0x7E])  // the last weight, in fp16
        try bytes.write(to: file)
        var options = ImportOptions(files: [file.path(percentEncoded: false)], destination: scratch.bundle)
        options.architecture = "tf_efficientnet_lite0"
        options.inputSize = 224
        #expect(try refusal(options, in: scratch).contains("it has 9 outputs. Name them"))
        options.classes = WinnersModel.nineClasses
        options.destination += "/deeper/still"
        #expect(try refusal(options, in: scratch).contains("not a number"))
    }

    @Test func `all 18 names of the winners' are known`() {
        #expect(WinnersModel.all.count == 18)
        #expect(WinnersModel.all.count { if case .efficientNet = $0.network { true } else { false } } == 16)
        #expect(WinnersModel(file: "9c_b7ns_1e_640_ext_15ep_best_20_fold4.pth")?.inputSize == 640)
        #expect(WinnersModel(file: "9c_b7ns_1e_640_ext_15ep_final_fold0.pth")?.network == .efficientNet("tf_efficientnet_b7_ns"))
        #expect(WinnersModel(file: "9c_b7ns_1e_640_ext_15ep.pth") == nil && WinnersModel.metadataInputs.count == 14)
    }

    @Test func `the network and its classifier are found inside of other modules`() throws {
        let winners = try #require(
            CheckpointKeys(names: ["_orig_mod.enet.conv_stem.weight", "_orig_mod.myfc.weight", "_orig_mod.meta.0.weight"]))
        let architecture = try Architecture(name: "efficientnet_b3")
        #expect(winners.isWinners && winners.stored("bn1.bias", in: architecture) == "_orig_mod.enet.bn1.bias")
        #expect(winners.stored("classifier.bias", in: architecture) == "_orig_mod.myfc.bias")
        #expect(winners.stored("meta.4.bias", in: architecture) == "_orig_mod.meta.4.bias")
        let other = try #require(CheckpointKeys(names: ["model._conv_stem.weight", "model._fc.weight"]))
        #expect(!other.isWinners && other.stored("blocks.1.0.bn3.weight", in: architecture) == "model._blocks.2._bn2.weight")
        #expect(CheckpointKeys(names: ["a.conv_stem.weight", "b.conv_stem.weight", "fc.weight"]) == nil)
        #expect(CheckpointKeys(names: ["conv_stem.weight"]) == nil)
    }
}
