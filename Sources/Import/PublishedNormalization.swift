import Model

/// The means and deviations of pixels that a network was trained with, as its makers publish them.
///
/// Of pixel values in 0...1, for red, green and blue. A network that is given others still answers, only worse.
struct PublishedNormalization: Equatable {
    var mean: [Double]
    var std: [Double]

    /// ImageNet's means and deviations.
    static let imageNet = PublishedNormalization(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
    /// Pixels from -1 to 1, as TensorFlow's Inception had them.
    static let inception = PublishedNormalization(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])

    /// By the network's name in timm, whose `efficientnet.py` has them: TensorFlow's Lite networks and those of AdvProp (`_ap`, `.ap_…`)
    /// take pixels from -1 to 1, and so do a few of timm's own; all others ImageNet's.
    static func of(_ name: String) -> PublishedNormalization {
        let isAdvProp = name.split(whereSeparator: { $0 == "." || $0 == "_" }).dropFirst().contains("ap")
        let isOwn = ["efficientnet_b1.ra4_e3600_r240_in1k", "efficientnet_b2_pruned.in1k"].contains(name)
        return name.hasPrefix("tf_efficientnet_lite") || isAdvProp || isOwn ? inception : imageNet
    }
}
