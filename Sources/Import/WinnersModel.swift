/// One of the 18 settings that the winners of the SIIM-ISIC 2020 contest trained five folds of, by the name in its file names.
///
/// From the training commands in the README of haqishen/SIIM-ISIC-Melanoma-Classification-1st-Place-Solution; the weights are
/// kaggle.com/datasets/boliu0/melanoma-winning-models. Files are named `KERNEL_best_fold0.pth` (also `best_20`, `final`).
public struct WinnersModel: Sendable, Equatable {
    public var kernel: String
    public var network: Network
    /// Pixels a side.
    public var inputSize: Int
    public var classes: [String]
    public var takesMetadata: Bool
    /// The side, in pixels, of the resized photos that it was trained from.
    public var photoSide: Int

    public enum Network: Sendable, Equatable {
        case efficientNet(String)
        /// Not run here, with its name.
        case other(String)
    }

    /// In the order of the nine outputs: diagnoses sorted as Python sorts, capitals first (`diagnosis2idx` in dataset.py).
    public static let nineClasses = ["AK", "BCC", "BKL", "DF", "SCC", "VASC", "melanoma", "nevus", "unknown"]
    /// In the order of the four outputs; the other five diagnoses of the nine count as unknown.
    public static let fourClasses = ["BKL", "melanoma", "nevus", "unknown"]

    /// In the order of the inputs (`get_meta_data` in dataset.py). The sites are the sorted ones of ISIC 2019 and 2020 together.
    public static let metadataInputs =
        ["sex", "age_approx", "n_images", "image_size"]
        + [
            "anterior torso", "head/neck", "lateral torso", "lower extremity", "oral/genital", "palms/soles",
            "posterior torso", "torso", "upper extremity", "nan",
        ].map { "site_" + $0 }

    public static let all: [WinnersModel] = [
        WinnersModel("9c_meta_b3_768_512_ext_18ep", "efficientnet_b3", 512, from: 768),
        WinnersModel("9c_b4ns_2e_896_ext_15ep", "tf_efficientnet_b4_ns", 896, from: 1024),
        WinnersModel("9c_b4ns_448_ext_15ep-newfold", "tf_efficientnet_b4_ns", 448, from: 512),
        WinnersModel("9c_b4ns_768_640_ext_15ep", "tf_efficientnet_b4_ns", 640, from: 768),
        WinnersModel("9c_b4ns_768_768_ext_15ep", "tf_efficientnet_b4_ns", 768, from: 768),
        WinnersModel("9c_meta_b4ns_640_ext_15ep", "tf_efficientnet_b4_ns", 640, from: 768),
        WinnersModel("4c_b5ns_1.5e_640_ext_15ep", "tf_efficientnet_b5_ns", 640, from: 768),
        WinnersModel("9c_b5ns_1.5e_640_ext_15ep", "tf_efficientnet_b5_ns", 640, from: 768),
        WinnersModel("9c_b5ns_448_ext_15ep-newfold", "tf_efficientnet_b5_ns", 448, from: 512),
        WinnersModel("9c_meta128_32_b5ns_384_ext_15ep", "tf_efficientnet_b5_ns", 384, from: 512),
        WinnersModel("9c_b6ns_448_ext_15ep-newfold", "tf_efficientnet_b6_ns", 448, from: 512),
        WinnersModel("9c_b6ns_576_ext_15ep_oldfold", "tf_efficientnet_b6_ns", 576, from: 768),
        WinnersModel("9c_b6ns_640_ext_15ep", "tf_efficientnet_b6_ns", 640, from: 768),
        WinnersModel("9c_b7ns_1e_576_ext_15ep_oldfold", "tf_efficientnet_b7_ns", 576, from: 768),
        WinnersModel("9c_b7ns_1e_640_ext_15ep", "tf_efficientnet_b7_ns", 640, from: 768),
        WinnersModel("9c_meta_1.5e-5_b7ns_384_ext_15ep", "tf_efficientnet_b7_ns", 384, from: 512),
        WinnersModel("9c_nest101_2e_640_ext_15ep", "resnest101", 640, from: 768),
        WinnersModel("9c_se_x101_640_ext_15ep", "seresnext101", 640, from: 768),
    ]

    private init(_ kernel: String, _ network: String, _ inputSize: Int, from photoSide: Int) {
        self.kernel = kernel
        self.network = network.contains("efficientnet") ? .efficientNet(network) : .other(network)
        self.inputSize = inputSize
        classes = kernel.hasPrefix("4c_") ? Self.fourClasses : Self.nineClasses
        takesMetadata = kernel.contains("_meta")
        self.photoSide = photoSide
    }

    /// - Parameter file: the last part of a path.
    /// - Returns: nil if the file has none of the winners' names.
    public init?(file: String) {
        guard
            let model = Self.all.first(where: { model in
                ["_best_fold", "_best_20_fold", "_final_fold"].contains { file.hasPrefix(model.kernel + $0) }
            })
        else { return nil }
        self = model
    }

    /// Bytes of a JPEG of the photos' side, as a round figure: the winners' networks were given the true size of each file, which
    /// says nothing about a patient.
    public var neutralFileSize: Double {
        switch photoSide {
        case ...512: 65_000
        case ...768: 130_000
        default: 220_000
        }
    }
}
