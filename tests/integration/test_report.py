"""The HTML report and the plots of benchd compare, as a browser shows them."""

import html.parser
import pathlib
import shutil
import struct
import subprocess
import xml.etree.ElementTree
import zlib

import pytest

from benchd import BINARY
from test_compare import rows, write

SVG = "{http://www.w3.org/2000/svg}"
BROWSER = shutil.which("chromium-headless-shell") or shutil.which("chromium")
RATIOS = {"base": 1, "slow": 1.3, "fast": 0.8, "same": 1}


@pytest.fixture(name="campaign", scope="module")
def a_campaign(tmp_path_factory):
    lines = [f"{variant},{block},{value!r}" for variant, block, value in rows(RATIOS, 40)]
    return write(tmp_path_factory.mktemp("campaign") / "runs.csv", ["variant,block,duration", *lines])


def report(campaign, *arguments):
    done = subprocess.run([BINARY, "compare", campaign, "--baseline=base", *arguments], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def seen_by_browser(page, *arguments):
    """Without a network: the report needs none."""
    command = ["unshare", "--net", BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
               f"--user-data-dir={page.parent}/profile", *arguments, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, cwd=page.parent)
    return done.stdout


def pixels(path):
    """Rows of (r, g, b) of a PNG with 8 bits a channel, as browsers write it."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, compressed, header = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", data[at + 8:at + 8 + length])
        elif kind == b"IDAT":
            compressed += data[at + 8:at + 8 + length]
        at += 12 + length
    width, height, depth, color, _, _, interlaced = header
    assert (depth, interlaced) == (8, 0) and color in (2, 6)
    size = 3 if color == 2 else 4
    raw, above, image = zlib.decompress(compressed), bytes(width * size), []
    for y in range(height):
        start = y * (width * size + 1)
        how, line = raw[start], bytearray(raw[start + 1:start + 1 + width * size])
        for i in range(len(line) if how else 0):
            left = line[i - size] if i >= size else 0
            corner = above[i - size] if i >= size else 0
            if how == 4:
                near = sorted(((abs(above[i] - corner), 0, left), (abs(left - corner), 1, above[i]),
                               (abs(left + above[i] - 2 * corner), 2, corner)))[0][2]
            else:
                near = (0, left, above[i], (left + above[i]) // 2)[how]
            line[i] = (line[i] + near) & 255
        above = bytes(line)
        image.append([above[i:i + 3] for i in range(0, len(above), size)])
    return image


class Outline(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.open, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        values = dict(attrs)
        self.links += [values[name] for name in ("href", "src") if name in values]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"


def test_the_report_is_one_well_formed_file_that_loads_nothing(campaign):
    outline = Outline()
    outline.feed(report(campaign, "--format=html"))
    assert not outline.open
    assert outline.tags.count("svg") == 3 and "script" not in outline.tags
    assert len(outline.links) == 2 and all(link.startswith("data:") for link in outline.links)


def test_plots_are_svg_files_with_every_run_in_them(campaign, tmp_path):
    report(campaign, f"--plots={tmp_path / 'made' / 'plots'}")
    drawn = {path.stem: xml.etree.ElementTree.parse(path).getroot()
             for path in (tmp_path / "made" / "plots").glob("*.svg")}
    assert set(drawn) == {"differences", "order", "distributions"}
    assert all(root.tag == f"{SVG}svg" and root.find(f"{SVG}style") is not None for root in drawn.values())
    points = [it for it in drawn["order"].iter(f"{SVG}circle") if it.find(f"{SVG}title") is not None]
    assert len(points) == 40 * len(RATIOS)
    words = [it.text for it in drawn["differences"].iter(f"{SVG}text")]
    assert any("SLOWER" in it for it in words) and any("FASTER" in it for it in words)


def test_a_directory_that_cannot_be_made_is_an_error(campaign):
    done = subprocess.run([BINARY, "compare", campaign, "--plots=/proc/no/such"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 2 and "/proc/no/such" in done.stderr


@pytest.mark.skipif(BROWSER is None, reason="no chromium-headless-shell and no chromium")
def test_a_browser_shows_the_verdicts_and_draws_the_plots(campaign, tmp_path):
    page = tmp_path / "report.html"
    page.write_text(report(campaign, "--format=html"))
    shown = seen_by_browser(page, "--dump-dom")
    for word in ("SLOWER", "FASTER", "EQUIVALENT", "Methods", "Raw data"):
        assert word in shown, word
    seen_by_browser(page, "--window-size=1040,2400", "--force-device-scale-factor=1",
                    f"--screenshot={tmp_path / 'shot.png'}")
    image = pixels(tmp_path / "shot.png")
    assert len(image) == 2400 and len(image[0]) == 1040
    colors = {}
    for row in image:
        for pixel in row:
            colors[pixel] = colors.get(pixel, 0) + 1

    def near(red, green, blue):
        return sum(count for (r, g, b), count in colors.items()
                   if abs(r - red) + abs(g - green) + abs(b - blue) < 40)

    # Each variant's hue, at four fifths on white, the greens and reds of verdicts; dots and bars are larger than a few
    # stray pixels.
    for hue in ((0x00, 0x72, 0xb2), (0xe6, 0x9f, 0x00), (0x00, 0x9e, 0x73), (0xcc, 0x79, 0xa7)):
        assert near(*(0.8 * channel + 0.2 * 255 for channel in hue)) > 300, hue
    assert near(0x1b, 0x7f, 0x4b) > 50 and near(0xb3, 0x34, 0x1f) > 50
    ground = image[5][5]
    assert all(row[2] == ground and row[-3] == ground for row in image), "nothing sticks out at the sides"
