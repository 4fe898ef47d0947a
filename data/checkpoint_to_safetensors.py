# SPDX-License-Identifier: Apache-2.0
"""Rewrites a PyTorch checkpoint as safetensors: old pickles keep strides that a plain reader would get wrong."""
import json
import struct
import sys
import warnings


def main(source, target):
    """Keeps floating-point tensors only (fp32, contiguous, sorted by name), so equal weights give equal bytes."""
    warnings.filterwarnings("ignore")  # torch warns that NumPy is absent; nothing here uses it
    import torch

    tensors = torch.load(source, map_location="cpu", weights_only=True)
    header, payload = {}, bytearray()
    for name in sorted(tensors):
        if name.endswith("num_batches_tracked"):
            continue
        tensor = tensors[name].to(torch.float32)
        data = bytearray(4 * tensor.numel())
        torch.frombuffer(data, dtype=torch.float32).copy_(tensor.reshape(-1))
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(payload), len(payload) + len(data)]}
        payload += data
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(target, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + payload)


if __name__ == "__main__":
    main(*sys.argv[1:])
