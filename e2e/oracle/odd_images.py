"""Pictures as cameras, printers and animators leave them: `python e2e/oracle/odd_images.py` writes e2e/goldens/pairs/odd.json.

Each is 96 by 96 and shows four fields when it is looked at: red, green over blue, yellow. Animations begin with that picture.
"""

import base64
import io
import json
from pathlib import Path

import PIL
from PIL import Image, ImageOps

OUT = Path(__file__).parents[1] / "goldens" / "pairs" / "odd.json"


def fields(*colours: str) -> Image.Image:
    image = Image.new("RGB", (96, 96))
    for i, colour in enumerate(colours):
        image.paste(colour, (48 * (i % 2), 48 * (i // 2), 48 * (i % 2) + 48, 48 * (i // 2) + 48))
    return image


def text(image: Image.Image, **options) -> str:
    file = io.BytesIO()
    image.save(file, **options)
    return base64.b64encode(file.getvalue()).decode()


def turned(image: Image.Image, orientation: int, back: Image.Transpose) -> str:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "where it was taken"
    stored = text(image.transpose(back), format="JPEG", quality=95, subsampling=0, exif=exif)
    shown = ImageOps.exif_transpose(Image.open(io.BytesIO(base64.b64decode(stored))))
    assert shown.getpixel((5, 5))[0] > 200 and shown.getpixel((90, 5))[1] > 100 and shown.getpixel((5, 90))[2] > 200
    return stored


def main() -> None:
    upright = fields("red", "lime", "blue", "yellow")
    later = [fields("black", "black", "black", "black"), fields("white", "white", "white", "white")]
    move = {"save_all": True, "append_images": later, "duration": 40}
    files = {
        "animated.png": text(upright, format="PNG", **move),
        "animated.webp": text(upright, format="WEBP", lossless=True, **move),
        "cmyk.jpg": text(upright.convert("CMYK"), format="JPEG", quality=95),
        "turned 6.jpg": turned(upright, 6, Image.Transpose.ROTATE_90),
        "turned 5.jpg": turned(upright, 5, Image.Transpose.TRANSPOSE),
    }
    OUT.write_text(json.dumps({"made with": {"Pillow": PIL.__version__}, "files": files}, indent=0) + "\n")


if __name__ == "__main__":
    main()
