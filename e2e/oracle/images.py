"""Pictures as Pillow reads, turns and resizes them: `python e2e/oracle/images.py` writes e2e/goldens/pairs/images.json.

resized   crop(box) and resize((side, side), BILINEAR) of a picture by rule: byte i is the top 8 bits of i * 2654435761
files     small files in the modes that PNG and JPEG have, and the RGBA that Pillow makes of them, EXIF applied
"""

import base64
import io
import json
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageOps

OUT = Path(__file__).parents[1] / "goldens" / "pairs" / "images.json"


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def by_rule(width: int, height: int) -> Image.Image:
    i = np.arange(width * height * 3, dtype=np.uint64)
    return Image.fromarray((((i * 2654435761) & 0xFFFFFFFF) >> 24).astype(np.uint8).reshape(height, width, 3))


def smooth(width: int, height: int, channels: int) -> np.ndarray:
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    return (255 * (0.5 + 0.5 * np.sin(x / 3 + y / 5 * (c + 1) + c))).astype(np.uint8)


def resized(width: int, height: int, box: tuple[int, int, int], side: int) -> dict:
    x, y, size = box
    image = by_rule(width, height).crop((x, y, x + size, y + size)).resize((side, side), Image.Resampling.BILINEAR)
    return {"width": width, "height": height, "box": {"x": x, "y": y, "size": size}, "side": side, "rgb": text(image.tobytes())}


def stored(name: str, image: Image.Image, **options) -> dict:
    file = io.BytesIO()
    image.save(file, **options)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(file.getvalue()))).convert("RGBA")
    return {"name": name, "file": text(file.getvalue()), "width": upright.width, "height": upright.height, "rgba": text(upright.tobytes())}


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def files():
    rgb = Image.fromarray(smooth(13, 9, 3))
    rgba = Image.fromarray(smooth(13, 9, 4))
    clear = rgb.convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    yield stored("png rgb", rgb, format="PNG")
    yield stored("png rgba", rgba, format="PNG")
    yield stored("png grey", rgb.convert("L"), format="PNG")
    yield stored("png grey and alpha", rgba.convert("LA"), format="PNG")
    yield stored("png one bit", rgb.convert("1"), format="PNG")
    yield stored("png four-bit palette", clear, format="PNG", bits=4)
    yield stored("png palette with alpha", clear, format="PNG", transparency=bytes(range(0, 256, 16)))
    yield stored("png key colour", rgb, format="PNG", transparency=rgb.getpixel((3, 4)))
    yield stored("jpeg", rgb, format="JPEG", quality=95, subsampling=0)
    yield stored("jpeg grey", rgb.convert("L"), format="JPEG", quality=95)
    yield stored("jpeg progressive", rgb, format="JPEG", quality=95, subsampling=0, progressive=True)
    for orientation in range(1, 9):
        yield stored(f"png turned {orientation}", rgb, format="PNG", exif=turned(orientation))
    yield stored("jpeg turned 6", rgb, format="JPEG", quality=95, subsampling=0, exif=turned(6))
    yield stored("webp turned 8", rgb, format="WEBP", lossless=True, exif=turned(8))
    yield stored("webp", rgb, format="WEBP", quality=80)
    yield stored("webp lossless", rgba, format="WEBP", lossless=True)
    yield stored("gif", rgb, format="GIF")


def main() -> None:
    cases = [
        resized(13, 9, (2, 0, 9), 8),
        resized(40, 31, (4, 0, 31), 16),
        resized(33, 20, (6, 0, 20), 3),
        resized(12, 7, (2, 0, 7), 12),
        resized(12, 12, (0, 0, 12), 12),
        resized(30, 50, (3, 21, 17), 8),
        resized(97, 90, (0, 0, 90), 1),
    ]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    golden = {"made with": {"Pillow": PIL.__version__}, "resized": cases, "files": list(files())}
    OUT.write_text(json.dumps(golden, indent=0) + "\n")


if __name__ == "__main__":
    main()
