"""Cases of one medium each: places that are not the normative one, labels twice, traps."""

import json
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from labelling.conformance import documents, pictures, recordings
from labelling.conformance.cases import Case, Group, members, value

_ONE = value()
_WRAPPED = json.dumps({"AIGC": members()})
_OTHER = value(ProduceID="case-2", PropagateID="case-2")
_RDF = 'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"'
_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def _sloppy(name: str, content: bytes) -> Case:
    suffix = name.partition("/")[0]
    return Case(name, Group.SLOPPY, suffix, content, ("confirmed",), "1", strict=False)


def _absent(name: str, content: bytes, group: Group = Group.NEAR_MISS) -> Case:
    return Case(name, group, name.partition("/")[0], content, ("absent",))


def _traced(name: str, content: bytes) -> Case:
    return Case(name, Group.NEAR_MISS, name.partition("/")[0], content, ("suspected",))


def _twice(name: str, same: bytes, different: bytes) -> Iterator[Case]:
    suffix = name.partition("/")[0]
    yield Case(f"{name}-same", Group.DUPLICATED, suffix, same, ("confirmed",), "1", strict=False)
    yield Case(
        f"{name}-other", Group.CONFLICTING, suffix, different, ("conflicting",), strict=False
    )


def of_jpeg() -> Iterator[Case]:
    """JPEG: EXIF, comments, segments, and packets written by many hands."""
    yield from _jpeg_segments()
    yield from _jpeg_packets()
    yield from _jpeg_traps()


def _jpeg_segments() -> Iterator[Case]:
    jpeg, xmp, exif = pictures.jpeg, pictures.jpeg_xmp, pictures.jpeg_exif
    packet, wrapped = pictures.packet, _WRAPPED.encode()
    yield _sloppy("jpg/user-comment", jpeg(exif(0x9286, b"ASCII\0\0\0" + wrapped)))
    yield _sloppy("jpg/user-comment-bare", jpeg(exif(0x9286, wrapped)))
    unicode = b"UNICODE\0" + _WRAPPED.encode("utf-16-le")
    yield _sloppy("jpg/user-comment-unicode", jpeg(exif(0x9286, unicode)))
    swapped = b"UNICODE\0" + _WRAPPED.encode("utf-16-be")
    yield _sloppy("jpg/user-comment-unicode-swapped", jpeg(exif(0x9286, swapped)))
    yield _sloppy("jpg/image-description", jpeg(exif(0x010E, wrapped + b"\0")))
    yield _sloppy("jpg/comment", jpeg((0xFE, wrapped)))
    yield _sloppy("jpg/bare-segment", jpeg((0xE5, b"AIGC" + _ONE.encode())))
    yield _sloppy("jpg/behind-the-end", jpeg() + b"AIGC" + _ONE.encode())
    yield from _twice(
        "jpg/packet-and-comment",
        jpeg(xmp(packet(_ONE)), exif(0x9286, b"ASCII\0\0\0" + wrapped)),
        jpeg(xmp(packet(_OTHER)), exif(0x9286, b"ASCII\0\0\0" + wrapped)),
    )


def _jpeg_packets() -> Iterator[Case]:
    jpeg, xmp = pictures.jpeg, pictures.jpeg_xmp
    packet, packet_of = pictures.packet, pictures.packet_of
    escaped = _ONE.replace('"', "&quot;")
    attribute = f'<rdf:Description {_RDF} TC260:AIGC="{escaped}"/>'
    yield _sloppy("jpg/attribute", jpeg(xmp(packet_of(attribute))))
    lower = packet(_ONE, prefix="tc260", namespace="http://ns.adobe.com/xap/1.0/tc/")
    yield _sloppy("jpg/wrong-namespace", jpeg(xmp(lower)))
    unbound = f"<rdf:Description><TC260:AIGC>{_ONE}</TC260:AIGC></rdf:Description>"
    yield _sloppy("jpg/unbound-prefix", jpeg(xmp(packet_of(unbound))))
    twice = packet(_ONE.replace('"', "&quot;"))
    yield _sloppy("jpg/entities-twice", jpeg(xmp(twice)))
    parts = "".join(f"<TC260:{key}>{text}</TC260:{key}>" for key, text in members().items())
    structure = f"<rdf:Description {_RDF}><TC260:AIGC>{parts}</TC260:AIGC></rdf:Description>"
    yield _sloppy("jpg/structure", jpeg(xmp(packet_of(structure))))
    headed = b'<?xml version="1.0" encoding="UTF-8"?>' + packet(_ONE).replace(b'"?>', b'"??>', 1)
    yield Case(
        "jpg/doubled-marks", Group.VALID, "jpg", jpeg(xmp(headed)), ("confirmed",), "1", strict=True
    )
    extended = b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + packet(_ONE)
    yield _sloppy("jpg/extended", jpeg((0xE1, extended)))
    yield _sloppy("jpg/broken-xml", jpeg(xmp(packet(_ONE)[:-60])))
    yield from _twice(
        "jpg/two-packets",
        jpeg(xmp(packet(_ONE)), xmp(packet(_ONE))),
        jpeg(xmp(packet(_ONE)), xmp(packet(value("3")))),
    )


def _jpeg_traps() -> Iterator[Case]:
    jpeg, xmp, exif = pictures.jpeg, pictures.jpeg_xmp, pictures.jpeg_exif
    packet, packet_of = pictures.packet, pictures.packet_of
    talk = (
        "<rdf:Description><dc:description>How AIGC is labelled</dc:description></rdf:Description>"
    )
    yield _absent("jpg/talk-about-labels", jpeg(xmp(packet_of(talk))))
    yield _absent("jpg/comment-about-labels", jpeg((0xFE, b"AIGC is a word")))
    yield _absent("jpg/other-json", jpeg(exif(0x9286, b'ASCII\0\0\0{"Label":"x","Camera":"y"}')))
    source = f'<rdf:Description xmlns:i="urn:i" i:DigitalSourceType="{_IPTC}"/>'
    yield _traced("jpg/source-type", jpeg(xmp(packet_of(source))))
    camera = source.replace("trainedAlgorithmicMedia", "digitalCapture")
    yield _absent("jpg/source-type-camera", jpeg(xmp(packet_of(camera))))
    yield _traced("jpg/vendor-note", jpeg(exif(0x9286, b'{"aigc_info":{"source_info":"x"}}')))
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + packet("&b;")
    verdicts = ("malformed", "refused", "absent")
    yield Case("jpg/entity-bomb", Group.HOSTILE, "jpg", jpeg(xmp(bomb)), verdicts)
    deep = b"<a>" * 5000
    yield _absent("jpg/deep-xml", jpeg(xmp(deep)), Group.HOSTILE)


def of_png() -> Iterator[Case]:
    """PNG: every kind of text chunk, before the picture and after it."""
    png, chunk, label = pictures.png, pictures.png_chunk, _ONE.encode()
    xmp = pictures.png_xmp(pictures.packet(_ONE))
    text = chunk(b"tEXt", b"AIGC\0" + label)
    yield _sloppy("png/text", png(text))
    yield _sloppy("png/compressed-text", png(chunk(b"zTXt", b"AIGC\0\0" + zlib.compress(label))))
    yield _sloppy("png/international-text", png(chunk(b"iTXt", b"AIGC\0\0\0\0\0" + label)))
    packed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(pictures.packet(_ONE))
    yield _sloppy("png/compressed-packet", png(chunk(b"iTXt", packed)))
    yield _sloppy("png/after-the-picture", png(late=xmp))
    yield _sloppy("png/behind-the-end", png(behind=_WRAPPED.encode()))
    yield _sloppy("png/private-chunk", png(chunk(b"aiGc", label)))
    block = pictures.exif(0x9286, b"ASCII\0\0\0" + _WRAPPED.encode())
    yield _sloppy("png/exif", png(chunk(b"eXIf", block)))
    profile = b"\nexif\n%8d\n%s\n" % (len(block) + 6, (b"Exif\0\0" + block).hex().encode())
    yield _sloppy("png/raw-profile", png(chunk(b"tEXt", b"Raw profile type exif\0" + profile)))
    yield _sloppy("png/wrong-checksum", png(xmp[:-4] + bytes(4)))
    yield _sloppy(
        "png/packet-as-text", png(chunk(b"tEXt", b"XML:com.adobe.xmp\0" + pictures.packet(_ONE)))
    )
    other = chunk(b"tEXt", b"AIGC\0" + _OTHER.encode())
    yield from _twice("png/packet-and-text", png(xmp, text), png(xmp, other))
    bomb = chunk(b"zTXt", b"AIGC\0\0" + zlib.compress(bytes(16 << 20), 9))
    yield Case("png/bomb", Group.HOSTILE, "png", png(bomb), ("malformed", "refused"))
    quiet = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(16 << 20), 9))
    yield _absent("png/quiet-bomb", png(quiet), Group.HOSTILE)
    yield _absent("png/title", png(chunk(b"tEXt", b"Title\0AIGC")))


def of_other_pictures() -> Iterator[Case]:
    """WebP, GIF, TIFF, AVIF and SVG."""
    packet = pictures.packet(_ONE)
    yield _sloppy("webp/flag-missing", pictures.webp(packet, flag=False))
    yield _sloppy("webp/behind-the-end", pictures.webp() + _WRAPPED.encode())
    yield _sloppy("gif/no-trailer", pictures.gif(pictures.gif_xmp(packet, trailer=False)))
    text = _WRAPPED.encode()[:250] + b"\0"
    verdicts = ("malformed", "confirmed")
    comment = b"\x21\xfe" + bytes([len(text)]) + text + b"\0"
    yield Case("gif/comment", Group.SLOPPY, "gif", pictures.gif(comment), verdicts)
    yield _sloppy("avif/reference-missing", pictures.items(b"avif", packet, described=False))
    gif = pictures.gif
    extension, other = pictures.gif_xmp(packet), pictures.gif_xmp(pictures.packet(_OTHER))
    yield from _twice("gif/two-packets", gif(2 * extension), gif(extension + other))
    loop = b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0"
    yield _absent("tif/loop", loop, Group.HOSTILE)
    words = "<text>内容由<tspan>AI</tspan>生成</text>"
    yield _traced("svg/words", pictures.svg(words=words))
    yield _absent("svg/other-words", pictures.svg(words="<text>AI 的历史</text>"))


def of_films() -> Iterator[Case]:
    """MP4 and Matroska: the other boxes, free forms and tags."""
    film, box, keys = recordings.film, pictures.box, recordings.film_keys
    label = _ONE.encode()
    meta = keys(label)
    yield _sloppy("mp4/meta-under-moov", film(b"mp42", meta))
    yield _sloppy("mp4/meta-under-track", film(b"mp42", box(b"trak", meta)))
    yield _sloppy("mp4/user-data-of-track", film(b"mp42", box(b"trak", box(b"udta", meta))))
    free = recordings.film_items(recordings.freeform(label))
    yield _sloppy("m4a/freeform", film(b"M4A ", box(b"udta", free)))
    letters = recordings.film_items(box(b"AIGC", recordings.data_box(label)))
    yield _sloppy("mp4/without-keys", film(b"mp42", box(b"udta", letters)))
    comment = recordings.film_items(box(b"\xa9cmt", recordings.data_box(_WRAPPED.encode())))
    yield _sloppy("mp4/comment", film(b"mp42", box(b"udta", comment)))
    uuid = bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + pictures.packet(_ONE)
    yield _sloppy("mp4/packet", film(b"mp42", behind=box(b"uuid", uuid)))
    yield _sloppy("mov/packet", film(b"qt  ", box(b"udta", box(b"XMP_", pictures.packet(_ONE)))))
    lower = keys(label, key=b"aigc")
    yield _sloppy("mp4/key-in-small-letters", film(b"mp42", box(b"udta", lower)))
    both = box(b"udta", meta) + keys(_OTHER.encode())
    yield from _twice(
        "mp4/two-places", film(b"mp42", box(b"udta", meta) + meta), film(b"mp42", both)
    )
    name, other = (b"AIGC", label), (b"AIGC", _OTHER.encode())
    matroska = recordings.matroska
    yield from _twice(
        "mkv/two-tags", matroska(b"matroska", name, name), matroska(b"matroska", name, other)
    )
    yield _sloppy("mkv/small-letters", matroska(b"matroska", (b"aigc", label)))
    yield _absent("mkv/other-tag", matroska(b"matroska", (b"TITLE", b"AIGC")))
    yield _absent("mp4/other-key", film(b"mp42", box(b"udta", keys(b"AIGC", key=b"title"))))
    endless = box(b"ftyp", b"mp42", bytes(4)) + 20_000 * box(b"free")
    yield _absent("mp4/many-boxes", endless, Group.HOSTILE)


def of_sounds() -> Iterator[Case]:
    """MP3, WAV and FLAC: old tags, other frames, two labels."""
    id3, mp3, wav, flac = recordings.id3, recordings.mp3, recordings.wav, recordings.flac
    label, other = _ONE.encode(), _OTHER.encode()
    text = (b"TXXX", b"\3AIGC\0" + label)
    yield Case(
        "mp3/version-3", Group.VALID, "mp3", mp3(id3((b"TXXX", b"\0AIGC\0" + label), version=3)),
        ("confirmed",), "1", strict=True,
    )  # fmt: skip
    wide = b"\1" + "\ufeffAIGC\0".encode("utf-16-le") + ("\ufeff" + _ONE).encode("utf-16-le")
    yield Case(
        "mp3/utf-16", Group.VALID, "mp3", mp3(id3((b"TXXX", wide), version=3)),
        ("confirmed",), "1", strict=True,
    )  # fmt: skip
    yield _sloppy("mp3/version-2", mp3(id3((b"TXX", b"\0AIGC\0" + label), version=2)))
    yield _sloppy("mp3/comment", mp3(id3((b"COMM", b"\3chiAIGC\0" + label))))
    yield _sloppy("mp3/second-tag", mp3(id3() + id3(text)))
    yield _sloppy("mp3/behind-the-end", mp3(behind=_WRAPPED.encode()))
    yield from _twice(
        "mp3/two-frames", mp3(id3(text, text)), mp3(id3(text, (b"TXXX", b"\3AIGC\0" + other)))
    )
    information = (b"LIST", b"INFO" + pictures.riff_chunk(b"AIGC", label))
    yield _sloppy("wav/information", wav(information))
    yield _sloppy("wav/tag", wav((b"id3 ", id3(text))))
    yield from _twice(
        "wav/chunk-and-information",
        wav((b"AIGC", label), information),
        wav((b"AIGC", other), information),
    )
    entry, second = b"AIGC=" + label, b"AIGC=" + other
    yield from _twice("flac/two-comments", flac(entry, entry), flac(entry, second))
    yield _sloppy("flac/tag-in-front", flac(before=id3(text)))
    yield _absent("flac/other-comment", flac(b"TITLE=AIGC"))
    yield _absent("mp3/other-frame", mp3(id3((b"TXXX", b"\3mood\0AIGC"))))
    huge = b"ID3\4\0\0\x7f\x7f\x7f\x7f" + bytes(200)
    verdicts = ("absent", "refused")
    yield Case("mp3/huge-tag", Group.HOSTILE, "mp3", huge, verdicts)
    claimed = flac()[:-8] + b"\xff\xff\xff\x7f"
    yield Case("flac/many-comments", Group.HOSTILE, "flac", claimed, ("refused", "absent"))


def of_documents() -> Iterator[Case]:
    """PDF and Office: other properties, bombs, and words without a property."""
    office, custom = documents.office, documents.custom
    yield _sloppy("docx/not-linked", office("docx", custom(_ONE), linked=False))
    yield _sloppy("docx/small-letters", office("docx", custom(_ONE, name="aigc")))
    yield _sloppy("docx/other-type", office("docx", custom(_ONE, kind="lpstr")))
    yield _sloppy("docx/other-property", office("docx", custom(_WRAPPED, name="Comments")))
    yield from _twice(
        "docx/two-properties",
        office("docx", custom(_ONE, _ONE)),
        office("docx", custom(_ONE, _OTHER)),
    )
    yield _absent("docx/word", office("docx", custom("AIGC", name="Subject")))
    yield _traced("docx/words", office("docx", words="内容由AI生成"))
    yield _absent("docx/other-words", office("docx", words="AI生成的内容要标注吗？"))
    bomb = office("docx", bytes(32 << 20))
    verdicts = ("refused", "malformed")
    yield Case("docx/bomb", Group.HOSTILE, "docx", bomb, verdicts)
    yield _sloppy("pdf/small-letters", documents.pdf(_ONE, key="/aigc"))
    yield _sloppy("pdf/other-property", documents.pdf(_WRAPPED, key="/Subject"))
    packet = pictures.packet(_ONE)
    yield _sloppy("pdf/packet", documents.pdf(xmp=packet))
    yield from _twice(
        "pdf/property-and-packet",
        documents.pdf(_ONE, xmp=packet),
        documents.pdf(_OTHER, xmp=packet),
    )
    yield _absent("pdf/title", documents.pdf("AIGC", key="/Title"))
    old = f"<meta name='AIGC' content='{_ONE}'/>"
    yield Case(
        "epub/old-form", Group.VALID, "epub", documents.book(old), ("confirmed",), "1", strict=True
    )


def of_texts() -> Iterator[Case]:
    """Markdown, HTML and text: YAML in every hand, and talk that is no label."""
    yield from _markdown()
    html = documents.html
    escaped = _ONE.replace('"', "&quot;")
    yield _sloppy("html/property", html(f'<meta property="site:AIGC" content="{escaped}">'))
    yield _sloppy("html/comment", html(body=f"<!-- AIGC: {_ONE} --><p>正文</p>"))
    yield _sloppy("html/small-letters", html(f"<meta name=aigc content='{_ONE}'>"))
    meta = documents.html_meta(_ONE)
    yield from _twice("html/two-metas", html(2 * meta), html(meta + documents.html_meta(_OTHER)))
    shown = meta.replace("<", "&lt;")
    yield _absent("html/example", html(body=f"<pre>{shown}</pre>"))
    yield _absent("html/meta-in-comment", html(f"<!-- {meta} -->"))
    yield _traced("html/words", html(body="<p>正文</p><footer>内容由<b>AI</b>生成</footer>"))
    yield _absent("html/script", html(body="<script>say('内容由AI生成')</script>"))
    yield _traced("txt/words", "正文。（内容由AI生成）".encode())
    yield _absent("txt/question", "AI生成的内容要标注吗？".encode())
    yield _absent("txt/bare", "正文。（AI）".encode())
    yield _traced("csv/words", "货号,价格\nA1,99\n# 内容由AI生成\n".encode())
    yield _sloppy("json/small-letters", f'{{"aigc":{_ONE}}}'.encode())
    yield _sloppy("json/as-string", json.dumps({"AIGC": _ONE}).encode())
    yield from _twice(
        "json/twice",
        f'{{"AIGC":{_ONE},"AIGC":{_ONE}}}'.encode(),
        f'{{"AIGC":{_ONE},"AIGC":{_OTHER}}}'.encode(),
    )
    yield _absent("json/nested-example", f'{{"example":{{"AIGC":{_ONE}}}}}'.encode())
    deep = b'{"a":' + b"[" * 100_000
    yield Case("json/deep", Group.HOSTILE, "json", deep, ("refused", "absent"))


def _markdown() -> Iterator[Case]:
    markdown = documents.markdown
    quoted = "\n".join(f"  {key}: '{text}'" for key, text in members().items())
    yield Case(
        "md/mapping",
        Group.VALID,
        "md",
        markdown(f"AIGC:\n{quoted}"),
        ("confirmed",),
        "1",
        strict=True,
    )
    double = quoted.replace("'", '"')
    merged = markdown(f"title: x\nAIGC:\n{double}\ntags:\n  - a")
    yield Case("md/merged", Group.VALID, "md", merged, ("confirmed",), "1", strict=True)
    bare = "\n".join(f"  {key}: {text}" for key, text in members().items())
    yield _sloppy("md/unquoted", markdown(f"AIGC:\n{bare}"))
    flow = ", ".join(f"{key}: {text or repr('')}" for key, text in members().items())
    yield _sloppy("md/flow", markdown(f"AIGC: {{{flow}}}"))
    yield _sloppy("md/as-string", markdown(f"AIGC: '{_ONE}'"))
    yield _sloppy("md/block", markdown(f"AIGC: |\n  {_ONE}"))
    second = markdown("title: x", f"---\nAIGC:\n{quoted}\n---\n正文\n")
    yield _sloppy("md/second-front-matter", second)
    yield _sloppy("md/fenced", markdown(body=f"正文\n\n```yaml\nAIGC:\n{quoted}\n```\n"))
    yield _sloppy("md/tail", markdown(body=f"正文\n\n---\nAIGC:\n{quoted}\n---\n"))
    yield _sloppy("md/unfenced", markdown(body=f"AIGC:\n{quoted}\n\n正文\n"))
    yield _sloppy("md/comment", markdown(body=f"正文\n\n<!-- AIGC: {_ONE} -->\n"))
    example = f"# 说明\n\n```yaml\nAIGC:\n{quoted}\n```\n\n如上。\n"
    yield _absent("md/example", markdown(body=example))
    yield _absent("md/talk", markdown("title: AIGC", "AIGC: 一个词\n"))
    other = "\n".join(f"  {key}: '{text}'" for key, text in json.loads(_OTHER).items())
    again = "AIGC:\n" + quoted
    yield from _twice("md/key", markdown(f"{again}\n{again}"), markdown(f"{again}\nAIGC:\n{other}"))
    aliases = "a: &a [x,x,x,x]\n" + "\n".join(f"b{n}: &b{n} [*a,*a,*a]" for n in range(50))
    yield _absent("md/aliases", markdown(aliases), Group.HOSTILE)
    anchored = markdown("AIGC: &x\n  Label: *x")
    yield Case("md/anchor", Group.HOSTILE, "md", anchored, ("malformed",))


FAMILIES: Final[tuple[Callable[[], Iterator[Case]], ...]] = (
    of_jpeg,
    of_png,
    of_other_pictures,
    of_films,
    of_sounds,
    of_documents,
    of_texts,
)
