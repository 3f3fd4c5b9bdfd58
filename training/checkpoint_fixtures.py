"""Checkpoints for the tests, sound and hostile ones, and what PyTorch makes of the sound ones.

Run `python checkpoint_fixtures.py ../Tests/Fixtures/checkpoints`. Whole EfficientNets fit a few hundred kilobytes here because their
tensors are windows, with strides, on a few small shared storages, which PyTorch saves as such.
"""

import collections
import json
import os
import pickle
import struct
import sys
import zipfile
from pathlib import Path

import geffnet
import numpy as np
import torch
from efficientnet_pytorch import EfficientNet
from torch import nn

from deterministic import synthetic_lesion, uniform
from reference import view
from winners import METADATA, SETTINGS, classes_of, facts, file_name, network
from winners_parity import tensor as prepared

LESION = (320, 240)
BASE = 8192


def base(name: str, low: float, high: float) -> torch.Tensor:
    """One storage of floats that windows are laid on."""
    return torch.from_numpy(uniform(name, BASE) * np.float32(high - low) + np.float32(low))


class Windows:
    """Gives a network parameters that are windows on four shared storages."""

    def __init__(self) -> None:
        self.symmetric, self.small = base("symmetric", -1, 1), base("small", -0.08, 0.08)
        self.gain, self.variance = base("gain", 0.5, 1.5), torch.logspace(-4, 4, 256)
        self.count = 0

    def window(self, storage: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
        """Neighbours along each dimension are a small prime apart, so that the rows of a matrix differ."""
        self.count += 1
        strides = {0: (), 1: (1,), 2: (2, 1), 4: (2, 1, 3, 1)}[len(shape)]
        reach = sum((extent - 1) * stride for extent, stride in zip(shape, strides))
        return storage.as_strided(shape, strides, self.count * 7 % (BASE - reach))

    def parameter(self, key: str, shape: tuple[int, ...]) -> torch.Tensor:
        if key.endswith("running_var"):
            return self.variance.as_strided(shape, (0,), 128)
        if len(shape) == 1 and key.endswith("weight"):
            return self.window(self.gain, shape)
        if len(shape) == 1 or "se" in key or "fc" in key or "classifier" in key or "meta" in key:
            return self.window(self.small, shape)
        return self.window(self.symmetric, shape)

    def fill(self, net: nn.Module, *given: torch.Tensor) -> dict[str, torch.Tensor]:
        """A state dictionary of windows, loaded into the network as well. Each batch norm gets one variance for all its channels,
        about that of what it sees of the synthetic lesion."""
        state = collections.OrderedDict()
        for key, value in net.state_dict().items():
            counts = key.endswith("num_batches_tracked")
            state[key] = torch.tensor(1000) if counts else self.parameter(key, tuple(value.shape))
        net.load_state_dict(state)
        hooks = []
        for name, layer in net.named_modules():
            if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
                def measure(norm: nn.Module, inputs: tuple[torch.Tensor], name: str = name) -> None:
                    seen = max(float(inputs[0].var()), 1e-3)
                    place = int((self.variance - seen).abs().argmin())
                    state[f"{name}.running_var"] = self.variance.as_strided(norm.running_var.shape, (0,), place)
                    norm.running_var.copy_(state[f"{name}.running_var"])

                hooks.append(layer.register_forward_pre_hook(measure))
        net(prepared(synthetic_lesion(*LESION), 224), *given)
        for hook in hooks:
            hook.remove()
        return state


def softmax(net: nn.Module, size: int, given: torch.Tensor | None = None, views: int = 2) -> list[float]:
    """The mean softmax over the first views of the synthetic lesion."""
    image = prepared(synthetic_lesion(*LESION), size)
    logits = [net(view(image, index), given)[0] if given is not None else net(view(image, index))[0] for index in range(views)]
    spread = max(float((logits[0] - other).abs().max()) for other in logits[1:])
    if not (spread > 1e-3 and max(float(value.abs().max()) for value in logits) < 30):
        raise SystemExit(f"a dull or wild network: views differ by {spread}, logits {logits[0].tolist()}")
    return [float(f"{value:.8g}") for value in torch.stack(logits).double().softmax(1).mean(0).tolist()]


def networks(folder: Path) -> dict:
    """Whole networks under the winners' names and of other makers."""
    answers = {}
    kinds = (("9c_meta_b3_768_512_ext_18ep", "zip"), ("9c_b4ns_448_ext_15ep-newfold", "legacy"), ("4c_b5ns_1.5e_640_ext_15ep", "fp16"))
    saved = {}
    for kernel, kind in kinds:
        net = network(kernel)
        state = Windows().fill(net, *([facts("female", 40, "torso", 1, 130_000)] if SETTINGS[kernel][2] else []))
        if kind == "fp16":
            storages = {}
            for key, value in state.items():
                if value.is_floating_point():
                    pointer = value.untyped_storage().data_ptr()
                    whole = (value.untyped_storage().nbytes() // 4,)
                    half = storages.setdefault(pointer, torch.tensor([]).set_(value.untyped_storage(), 0, whole).half())
                    state[key] = half.as_strided(value.shape, value.stride(), value.storage_offset())
            net.load_state_dict({key: value.float() if value.is_floating_point() else value for key, value in state.items()})
        if kind == "legacy":
            state = {"epoch": 15, "best": 0.95, "state_dict": {f"module.{key}": value for key, value in state.items()},
                     "optimizer": {"state": {0: {"step": 7, "exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 1e-5, "betas": (0.9, 0.999)}]}}
        torch.save(state, folder / file_name(kernel, 0), _use_new_zipfile_serialization=kind != "legacy")
        saved[kernel] = net.state_dict()
        size = SETTINGS[kernel][1]
        answer = {"classes": classes_of(kernel), "input_size": size, "architecture": SETTINGS[kernel][0], "views": 2}
        if SETTINGS[kernel][2]:
            answer |= {"patient": {"sex": "male", "age": 70, "site": "head/neck"}, "metadata": METADATA,
                       "softmax": softmax(net, size, facts("male", 70, "head/neck", 1, 130_000)),
                       "softmax_unknown": softmax(net, size, facts(None, None, None, 1, 130_000))}
        else:
            answer["softmax"] = softmax(net, size)
        answers[file_name(kernel, 0)] = answer
    # As the original server: PyTorch's variant around the same values.
    kernel = kinds[1][0]
    net = network(kernel, "efficientnet_b4")
    net.load_state_dict(saved[kernel])
    answers[file_name(kernel, 0)]["softmax_as_original"] = softmax(net, 448)
    torch.save(collections.OrderedDict([("enet.layer1.0.conv2.fc1.weight", torch.zeros(2, 2, 1, 1)), ("myfc.weight", torch.zeros(9, 4))]),
               folder / "9c_nest101_2e_640_ext_15ep_best_fold0.pth")
    net = EfficientNet.from_name("efficientnet-b0", num_classes=3).eval()
    torch.save(Windows().fill(net), folder / "efficientnet_pytorch-b0.pth")
    answers["efficientnet_pytorch-b0.pth"] = {
        "classes": ["benign", "melanoma", "other"], "input_size": 200, "architecture": "tf_efficientnet_b0", "views": 2, "padding_size": 224,
        "softmax": softmax(net, 200)}
    net = geffnet.create_model("efficientnet_b0", num_classes=2).eval()
    torch.save({"model": Windows().fill(net), "args": [1, 2]}, folder / "geffnet-b0.pt")
    answers["geffnet-b0.pt"] = {"classes": ["nevus", "melanoma"], "input_size": 97, "architecture": "efficientnet_b0", "views": 2,
                                "softmax": softmax(net, 97)}
    return answers


def tensors(folder: Path) -> dict:
    """Small tensors of every kind, and their values."""
    line = torch.arange(60, dtype=torch.float32)
    state = collections.OrderedDict([
        ("plain", torch.tensor([[1.5, -2.25], [3e-8, 4e7]])), ("scalar", torch.tensor(0.1)), ("empty", torch.zeros(0, 3)),
        ("half", torch.tensor([1.5, -65504.0, 6e-8]).half()), ("bfloat", torch.tensor([1.5, 3.0e38, -1e-40]).bfloat16()),
        ("double", torch.tensor([0.1, -1e300, 1e-300], dtype=torch.float64)), ("transposed", line[:6].reshape(2, 3).t()),
        ("window", line[10:14]), ("overlapping", line.as_strided((3, 2, 2), (5, 7, 1), 4)), ("expanded", line[3:4].expand(4)),
        ("odd-stride", line[20:22].as_strided((2, 1), (1, 2**62), 20)), ("four", line[:24].reshape(1, 2, 3, 4).permute(3, 0, 2, 1)), ("parameter", nn.Parameter(torch.tensor([7.0]))),
        ("count", torch.tensor(12)), ("long", torch.tensor([1, -2], dtype=torch.int64)), ("mask", torch.tensor([True, False])),
    ])
    expected = {key: {"shape": list(value.shape), "values": value.detach().float().flatten().tolist() if value.is_floating_point() else None}
                for key, value in state.items()}
    expected["double"]["values"][1] = None  # too large for fp32
    for legacy in (False, True):
        kind = "legacy" if legacy else "zip"
        save = lambda value, name, **more: torch.save(value, folder / f"{kind}-{name}.pth", _use_new_zipfile_serialization=not legacy, **more)  # noqa: E731
        save(state, "tensors")
        save({f"module.{key}": value for key, value in state.items()}, "data-parallel")
        save({"epoch": 3, "state_dict": dict(state), "optimizer": {"state": {}, "param_groups": []}, "args": None}, "beside-optimizer")
        save({"epoch": 3, "best_acc1": torch.tensor(0.5), "rng_state": torch.get_rng_state(), "auc": np.float64(0.9), "tags": {"a", "b"},
              "schedule": collections.Counter([1, 2]), "counts": collections.defaultdict(list, a=[1]), "table": np.arange(3),
              "path": Path("x"), "model": dict(state)}, "beside-much")
        save({"generator": {"a": line[:2]}, "critic": {"a": line[2:4]}}, "two-sets")
        save(dict(state), "protocol-4", pickle_protocol=4)
        save(nn.Linear(2, 2), "whole-model")
    return expected


class Calls:
    """Pickles to a call of a function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple:
        return self.function, self.arguments


def archive(path: Path, pickled: bytes, storages: dict[str, bytes], extra: dict[str, bytes] | None = None) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        entries = {"archive/data.pkl": pickled} | {f"archive/data/{key}": value for key, value in storages.items()} | (extra or {})
        for name, content in entries.items():
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)


def tensor_pickle(shape: tuple[int, ...], strides: tuple[int, ...], count: int, offset: int = 0) -> bytes:
    """A pickle of `{"a": tensor}` with any numbers in it."""
    def integer(value: int) -> bytes:
        data = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
        return b"\x8a" + bytes([len(data)]) + data

    def numbers(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(integer, values)) + b"t"

    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu" + integer(count) + b"tQ"
    return (b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n(" + storage + integer(offset) + numbers(shape)
            + numbers(strides) + b"\x89ccollections\nOrderedDict\n)RtRs.")


def hostile(folder: Path) -> None:
    """Files that must be refused. Each is a few kilobytes at most."""
    state = {"a": torch.ones(2)}
    torch.save({"state_dict": state, "x": Calls(os.system, "echo no")}, folder / "calls-os-system.pth")
    torch.save({"state_dict": state, "x": Calls(eval, "1")}, folder / "calls-eval-legacy.pth", _use_new_zipfile_serialization=False)
    good = tensor_pickle((2,), (1,), 2)
    eight = struct.pack("<2f", 1, 2)
    for name, pickled in {
        "deep-tuples": b"\x80\x02)" + b"\x85" * 50_000 + b".", "deep-lists": b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b".",
        "cycle": b"\x80\x02]q\x00h\x00a.", "memo-bomb": b"\x80\x02)" + b"".join(b"r" + struct.pack("<I", i * 65537) for i in range(9_000)) + b".",
        "laughs": b"\x80\x02]q\x00" + b"".join(b"](" + b"h" + bytes([i]) * 1 + b"h" + bytes([i]) + b"eq" + bytes([i + 1]) for i in range(60)) + b".",
        "size-of-list": b"\x80\x02ctorch\nSize\n](" + b"K\x01" * 1000 + b"e\x85R.", "no-stop": b"\x80\x02}", "stack-underflow": b"\x80\x02t.",
        "mark-crossed": b"\x80\x02K\x01(0a.", "inst": b"\x80\x02(ios\nsystem\n.", "ext": b"\x80\x02\x82\x01.", "long4": b"\x80\x02\x8b\xff\xff\xff\x7f.",
        "huge-text": b"\x80\x02X\xff\xff\xff\xff.", "huge-bytes8": b"\x80\x04\x8e" + b"\xff" * 8 + b".", "no-name": b"\x80\x02cos" + b"x" * 4000,
        "stack-global-os": b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "newobj": b"\x80\x02csubprocess\nPopen\n)\x81.", "protocol-9": b"\x80\x09.",
        "calls-a-text": b"\x80\x02X\x01\x00\x00\x00a)R.", "calls-a-type": b"\x80\x02ctorch\nFloatStorage\n)R.", "bad-persistent": b"\x80\x02K\x01Q.",
        "module-persistent": b"\x80\x02(X\x06\x00\x00\x00modulectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQ.",
        "terabytes": tensor_pickle((1 << 20, 1 << 20), (0, 0), 2), "past-end": tensor_pickle((3,), (1,), 2), "offset": tensor_pickle((1,), (1,), 2, 2),
        "negative-offset": tensor_pickle((1,), (1,), 2, -1), "negative-stride": tensor_pickle((2,), (-1,), 2, 1), "negative-extent": tensor_pickle((-2,), (1,), 2),
        "overflow": tensor_pickle((1 << 62, 4), (1 << 62, 1), 2), "nine-dimensions": tensor_pickle((1,) * 9, (1,) * 9, 2), "huge-storage": tensor_pickle((2,), (1,), 1 << 62),
        "big-integers": tensor_pickle((1 << 80,), (1,), 2), "no-tensors": b"\x80\x02}X\x01\x00\x00\x00aK\x01s.", "not-a-dictionary": b"\x80\x02K\x01.",
    }.items():
        archive(folder / f"{name}.pth", pickled, {"0": eight})
    archive(folder / "no-storage.pth", good, {})
    archive(folder / "short-storage.pth", good, {"0": eight[:7]})
    archive(folder / "big-endian.pth", good, {"0": eight}, {"archive/byteorder": b"big"})
    archive(folder / "torchscript.pth", good, {"0": eight}, {"archive/code/__torch__.py": b"pass"})
    with zipfile.ZipFile(folder / "no-pickle.pth", "w") as file:
        file.writestr("readme.txt", "hello")
    with zipfile.ZipFile(folder / "compressed.pth", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("archive/data.pkl", good)
        file.writestr("archive/data/0", eight)
    archive(folder / "sound.pth", good, {"0": eight})
    sound = bytearray((folder / "sound.pth").read_bytes())
    end = sound.rindex(b"PK\x05\x06")
    central = struct.unpack_from("<I", sound, end + 16)[0]
    second = sound.index(b"PK\x01\x02", central + 4)

    def changed(name: str, *changes: tuple[int, bytes], cut: int | None = None) -> None:
        copy = bytearray(sound[:cut])
        for place, value in changes:
            copy[place:place + len(value)] = value
        (folder / f"zip-{name}.pth").write_bytes(copy)

    changed("truncated", cut=len(sound) // 2)
    changed("no-end", cut=end)
    changed("end-cut", cut=len(sound) - 3)
    changed("wrong-checksum", (sound.index(eight), b"\x01"))
    # The second entry's header lies inside of the first entry's content.
    inner = sound[sound.index(b"PK\x03\x04", 4):central]
    archive(folder / "zip-overlapping.pth", good + inner, {"0": eight})
    overlapping = bytearray((folder / "zip-overlapping.pth").read_bytes())
    place = overlapping.rindex(b"PK\x01\x02") + 42
    overlapping[place:place + 4] = struct.pack("<I", overlapping.index(inner))
    (folder / "zip-overlapping.pth").write_bytes(overlapping)
    changed("size-lie", (second + 20, struct.pack("<II", 1 << 30, 1 << 30)))
    changed("offset-lie", (second + 42, struct.pack("<I", 0xFFFFFF00)))
    changed("directory-lie", (end + 16, struct.pack("<I", 0xFFFFFF00)))
    changed("count-lie", (end + 8, struct.pack("<HH", 65000, 65000)))
    changed("zip64-missing", (end + 16, b"\xff\xff\xff\xff"))
    changed("zip64-entry-missing", (second + 20, b"\xff" * 8))
    changed("encrypted", (second + 8, b"\x01\x00"))
    changed("same-names", (second + 46, b"archive/data.pkl"[:14]))
    changed("several-disks", (end + 4, b"\x01\x00"))
    record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1 << 60, 1 << 60, 1 << 61, 1 << 62)
    locator = struct.pack("<IIQI", 0x07064B50, 0, end, 1)
    lie = sound[:end] + record + locator + sound[end:end + 8] + b"\xff\xff\xff\xff" + b"\xff" * 8 + b"\x00\x00"
    (folder / "zip-zip64-lie.pth").write_bytes(lie)
    torch.save(collections.OrderedDict(state), folder / "legacy-sound.pth", _use_new_zipfile_serialization=False)
    legacy = (folder / "legacy-sound.pth").read_bytes()
    (folder / "legacy-sound.pth").unlink()
    (folder / "legacy-truncated.pth").write_bytes(legacy[:-5])
    (folder / "legacy-cut-in-pickle.pth").write_bytes(legacy[:120])
    count = legacy.rindex(struct.pack("<q", 2))
    (folder / "legacy-count-lie.pth").write_bytes(legacy[:count] + struct.pack("<q", 1 << 61) + legacy[count + 8:])
    (folder / "legacy-count-negative.pth").write_bytes(legacy[:count] + struct.pack("<q", -1) + legacy[count + 8:])
    (folder / "plain-pickle.pth").write_bytes(pickle.dumps({"a": [1, 2]}, 2))
    (folder / "text.pth").write_bytes(b"Not Found")
    (folder / "page.pth").write_bytes(b"<!DOCTYPE html><html></html>")
    (folder / "one-byte.pth").write_bytes(b"\x80")
    (folder / "sound.pth").unlink()


def main() -> None:
    torch.set_grad_enabled(False)
    torch.manual_seed(0)
    folder = Path(sys.argv[1])
    (folder / "hostile").mkdir(parents=True, exist_ok=True)
    (folder / "expected.json").write_text(json.dumps({"tensors": tensors(folder), "networks": networks(folder)}, indent=1) + "\n")
    hostile(folder / "hostile")


if __name__ == "__main__":
    main()
