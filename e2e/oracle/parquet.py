"""Parquet as pyarrow writes it: `python e2e/oracle/parquet.py` (needs pyarrow) writes e2e/goldens/pairs/parquet.json.

names     file_name and text, as imagefolder's metadata.parquet
pictures  image {bytes, path} and text in row groups of two, as `datasets` writes a set; snappy, and gzip
zstd      a packing that is not read
"""

import base64
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

GOLDENS = Path(__file__).parents[1] / "goldens" / "pairs"
PNG = next(f["file"] for f in json.loads((GOLDENS / "images.json").read_text())["files"] if f["name"] == "png rgb")


def written(table: pa.Table, **options) -> str:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return base64.b64encode(file.getvalue()).decode()


names = pa.table({"file_name": ["a.png", "deep/b.png", None], "text": ["a red circle", "grün", "x"], "n": [1, 2, 3]})
image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
png = base64.b64decode(PNG)
rows = [{"bytes": png, "path": "one.png"}, {"bytes": png, "path": None}, {"bytes": b"none", "path": "c.png"}, None, {"bytes": png, "path": None}]
pictures = pa.table({"image": pa.array(rows, image), "text": ["one", "two", "three", "four", " "]})

files = {
    "names": written(names),
    "snappy": written(pictures, compression="snappy", row_group_size=2),
    "gzip": written(pictures, compression="gzip", row_group_size=2),
    "zstd": written(names, compression="zstd"),
}
(GOLDENS / "parquet.json").write_text(json.dumps({"pyarrow": pa.__version__, "files": files}, indent=1) + "\n")
