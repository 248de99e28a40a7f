"""Weights from a rule instead of a file: the twin of src/artifacts/seeded.ts, bit for bit.

    bits(name, i) = fmix32((i * 0x9e3779b1) ^ fnv1a(name))         murmur3's finalizer, 32 bit
    u(name, i)    = (bits >> 8) / 2^23 - 1                         in [-1, 1), exact in float32
    weight        = offset + scale * u                             two float32 roundings

| tensor                              | offset | scale             |                                     |
| *.bias                              | 0      | 0.1               |                                     |
| *embedding.weight                   | 0      | 0.1               | CLIP's token and position tables    |
| rank 1 (norms)                      | 1      | 0.1               |                                     |
| *.lora_B.weight                     | 0      | 0.3 sqrt(3/rank)  | not zero, so that A has a gradient  |
| any other, fan_in = product(1:)     | 0      | sqrt(3/fan_in)    | keeps the variance of its input     |
"""

import math

import numpy as np

CHUNK = 1 << 22
_index = np.arange(CHUNK, dtype=np.uint32) * np.uint32(0x9E3779B1)


def fnv1a(text: str) -> int:
    h = 0x811C9DC5
    for byte in text.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return h


def rule(name: str, shape) -> tuple[float, float]:
    """(offset, scale)"""
    if name.endswith(".bias"):
        return 0.0, 0.1
    if name.endswith("embedding.weight"):
        return 0.0, 0.1
    if len(shape) == 1:
        return 1.0, 0.1
    gain = 0.3 if name.endswith(".lora_B.weight") else 1.0
    return 0.0, gain * math.sqrt(3 / math.prod(shape[1:]))


def uniform(name: str, count: int, out: np.ndarray | None = None, offset: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """offset + scale * u for indices 0..count-1; `out` may be float16."""
    out = np.empty(count, np.float32) if out is None else out
    seed = np.uint32(fnv1a(name))
    for start in range(0, count, CHUNK):
        n = min(CHUNK, count - start)
        h = _index[:n] + np.uint32(start * 0x9E3779B1 & 0xFFFFFFFF)
        h ^= seed
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x85EBCA6B)
        h ^= h >> np.uint32(13)
        h *= np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
        h >>= np.uint32(8)
        u = h.astype(np.float32)
        u *= np.float32(2.0**-23)
        u -= np.float32(1)
        u *= np.float32(scale)
        if offset:
            u += np.float32(offset)
        out[start : start + n] = u
    return out


def tensor(name: str, shape, dtype=np.float32) -> np.ndarray:
    offset, scale = rule(name, shape)
    count = math.prod(shape)
    return uniform(name, count, np.empty(count, dtype), offset, scale).reshape(tuple(shape))


def normal(name: str, shape) -> np.ndarray:
    """Inputs of the goldens (stored, so no twin in TypeScript): standard normal, float32, by Box and Muller."""
    count = math.prod(shape)
    u = uniform(name + "/radius", count).astype(np.float64) * 0.5 + 0.5
    v = uniform(name + "/angle", count).astype(np.float64)
    return (np.sqrt(-2 * np.log1p(-u)) * np.cos(np.pi * v)).reshape(tuple(shape)).astype(np.float32)
