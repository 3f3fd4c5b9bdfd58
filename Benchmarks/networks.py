"""Writes a network in a form that a peer reads, with deterministic weights, unless it is there. `bench.py` runs this as needed.

Run `.venv/bin/python networks.py onnx tf_efficientnet_b7 640 fp32 --threads 2`; the largest takes some minutes.
"""

import argparse
from pathlib import Path

import geffnet
import numpy as np
import torch

from workloads import Workload  # before what follows: it shows the way to training/

from deterministic import parameter

CLASSES = 9


def build(architecture: str, exportable: bool = True) -> torch.nn.Module:
    """The network with random-looking weights; an exportable one has paddings that do not depend on the input."""
    geffnet.config.set_exportable(exportable)
    network = geffnet.create_model(architecture, num_classes=CLASSES)
    network.load_state_dict({
        key: tensor if key.endswith("num_batches_tracked") else torch.from_numpy(parameter(key, tuple(tensor.shape)))
        for key, tensor in network.state_dict().items()
    })
    return network.eval()


def write_logits(workload: Workload, precision: str, path: Path) -> None:
    """What every peer must come near to: PyTorch's fp32 logits, whatever the precision."""
    with torch.inference_mode():
        logits = build(workload.architecture, exportable=False)(torch.from_numpy(workload.image)).numpy()
    if not np.isfinite(logits).all():
        raise SystemExit(f"{workload.title}: the logits are not finite")
    np.save(path, logits)


def write_onnx(workload: Workload, precision: str, path: Path) -> None:
    """ONNX in fp32, of a fixed shape."""
    torch.onnx.export(build(workload.architecture), (torch.from_numpy(workload.image),), path, input_names=["image"], dynamo=True,
                      external_data=False, verbose=False)


def write_compiled(workload: Workload, precision: str, path: Path) -> None:
    """Compiled ahead of time by PyTorch's inductor, the weights frozen and so packed, for this processor and number of threads."""
    torch.set_num_threads(workload.threads)
    torch._inductor.config.freezing = True
    network, image = (value.to(memory_format=torch.channels_last)
                      for value in (build(workload.architecture), torch.from_numpy(workload.image)))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        torch._inductor.aoti_compile_and_package(torch.export.export(network, (image,)), package_path=str(path))


FORMS = {"logits": write_logits, "onnx": write_onnx, "compiled": write_compiled}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("form", choices=FORMS)
    parser.add_argument("architecture")
    parser.add_argument("size", type=int)
    parser.add_argument("precision", choices=("fp32", "bf16"))
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    workload = Workload(options.architecture, options.size, options.threads, passes=1)
    path = workload.stored(options.form, options.precision)
    # Under another name until it is whole.
    part = path.with_name(f"part-{path.name}")
    part.parent.mkdir(exist_ok=True)
    FORMS[options.form](workload, options.precision, part)
    part.rename(path)


if __name__ == "__main__":
    main()
