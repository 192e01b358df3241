"""Every medium: unlabelled content, and the same with a value put in its normative place."""

from collections.abc import Callable
from dataclasses import dataclass

from labelling.conformance import documents, pictures, recordings
from labelling.content import MediaType


@dataclass(frozen=True, slots=True)
class Carrier:
    """One medium."""

    name: str
    media_type: MediaType
    suffix: str
    plain: Callable[[], bytes]
    """Makes content that has no label and never had one."""
    put: Callable[[str], bytes]
    """Makes the same with a value, as it is, in the place where a label belongs."""
    beside: bool = False
    """Whether `put` gives the note beside the content: the medium has no place of its own."""
    longest: int = 1 << 20
    """How long a value its place can hold."""


def _text() -> bytes:
    return "七天内可退，运费由我们承担。\n".encode()


def _table() -> bytes:
    return "货号,价格\nA1,99\n".encode()


def _film(brand: bytes, value: str) -> bytes:
    plain = brand == b"qt  "
    meta = recordings.film_keys(value.encode(), plain=plain)
    return recordings.film(brand, pictures.box(b"udta", meta))


def _brand(name: str, media_type: MediaType, suffix: str, brand: bytes) -> Carrier:
    return Carrier(
        name, media_type, suffix, lambda: recordings.film(brand), lambda value: _film(brand, value)
    )


def _matroska(name: str, media_type: MediaType, kind: bytes) -> Carrier:
    return Carrier(
        name,
        media_type,
        name,
        lambda: recordings.matroska(kind),
        lambda value: recordings.matroska(kind, (b"AIGC", value.encode())),
    )


def _office(name: str, media_type: MediaType) -> Carrier:
    return Carrier(
        name,
        media_type,
        name,
        lambda: documents.office(name),
        lambda value: documents.office(name, documents.custom(value)),
    )


def _open(name: str, media_type: MediaType) -> Carrier:
    return Carrier(
        name,
        media_type,
        name,
        lambda: documents.open_document(name),
        lambda value: documents.open_document(name, value),
    )


def _items(name: str, media_type: MediaType) -> Carrier:
    return Carrier(
        name,
        media_type,
        name,
        lambda: pictures.items(name.encode()),
        lambda value: pictures.items(name.encode(), pictures.packet(value)),
    )


def _pictures() -> tuple[Carrier, ...]:
    packet = pictures.packet
    return (
        Carrier(
            "jpeg",
            MediaType.JPEG,
            "jpg",
            pictures.jpeg,
            lambda value: pictures.jpeg(pictures.jpeg_xmp(packet(value))),
            longest=50_000,
        ),
        Carrier(
            "png",
            MediaType.PNG,
            "png",
            pictures.png,
            lambda value: pictures.png(pictures.png_xmp(packet(value))),
        ),
        Carrier(
            "webp",
            MediaType.WEBP,
            "webp",
            pictures.webp,
            lambda value: pictures.webp(packet(value)),
        ),
        Carrier(
            "gif",
            MediaType.GIF,
            "gif",
            pictures.gif,
            lambda value: pictures.gif(pictures.gif_xmp(packet(value))),
        ),
        Carrier(
            "tiff", MediaType.TIFF, "tif", pictures.tiff, lambda value: pictures.tiff(packet(value))
        ),
        _items("avif", MediaType.AVIF),
        _items("heic", MediaType.HEIC),
        Carrier("svg", MediaType.SVG, "svg", pictures.svg, pictures.svg_label),
    )


def _films() -> tuple[Carrier, ...]:
    return (
        _brand("mp4", MediaType.MP4, "mp4", b"mp42"),
        _brand("mov", MediaType.MOV, "mov", b"qt  "),
        _brand("m4a", MediaType.M4A, "m4a", b"M4A "),
        _matroska("mkv", MediaType.MKV, b"matroska"),
        _matroska("webm", MediaType.WEBM, b"webm"),
        Carrier(
            "avi",
            MediaType.AVI,
            "avi",
            recordings.avi,
            lambda value: recordings.avi((b"AIGC", value.encode())),
        ),
        Carrier(
            "flv",
            MediaType.FLV,
            "flv",
            recordings.flv,
            lambda value: recordings.flv(AIGC=value.encode()),
        ),
    )


def _sounds() -> tuple[Carrier, ...]:
    return (
        Carrier(
            "mp3",
            MediaType.MP3,
            "mp3",
            recordings.mp3,
            lambda value: recordings.mp3(recordings.id3((b"TXXX", b"\3AIGC\0" + value.encode()))),
        ),
        Carrier(
            "wav",
            MediaType.WAV,
            "wav",
            recordings.wav,
            lambda value: recordings.wav((b"AIGC", value.encode())),
        ),
        Carrier(
            "flac",
            MediaType.FLAC,
            "flac",
            recordings.flac,
            lambda value: recordings.flac(b"AIGC=" + value.encode()),
        ),
        Carrier(
            "ogg",
            MediaType.OGG,
            "ogg",
            recordings.ogg,
            lambda value: recordings.ogg(b"AIGC=" + value.encode()),
        ),
        Carrier(
            "opus",
            MediaType.OPUS,
            "opus",
            lambda: recordings.ogg(opus=True),
            lambda value: recordings.ogg(b"AIGC=" + value.encode(), opus=True),
        ),
    )


def _documents() -> tuple[Carrier, ...]:
    return (
        Carrier("pdf", MediaType.PDF, "pdf", documents.pdf, documents.pdf),
        _office("docx", MediaType.DOCX),
        _office("xlsx", MediaType.XLSX),
        _office("pptx", MediaType.PPTX),
        _open("odt", MediaType.ODT),
        _open("ods", MediaType.ODS),
        _open("odp", MediaType.ODP),
        Carrier(
            "epub",
            MediaType.EPUB,
            "epub",
            documents.book,
            lambda value: documents.book(documents.book_meta(value)),
        ),
    )


def _texts() -> tuple[Carrier, ...]:
    return (
        Carrier(
            "md",
            MediaType.MARKDOWN,
            "md",
            documents.markdown,
            lambda value: documents.markdown(f"AIGC: {value}"),
            # A value that is larger than any front matter makes it none.
            longest=60_000,
        ),
        Carrier(
            "html",
            MediaType.HTML,
            "html",
            documents.html,
            lambda value: documents.html(documents.html_meta(value)),
        ),
        Carrier(
            "json",
            MediaType.JSON,
            "json",
            '{"text":"正文"}'.encode,
            lambda value: f'{{"text":"正文","AIGC":{value}}}'.encode(),
        ),
        Carrier("txt", MediaType.TEXT, "txt", _text, str.encode, beside=True),
        Carrier("csv", MediaType.CSV, "csv", _table, str.encode, beside=True),
    )


def carriers() -> tuple[Carrier, ...]:
    """Give every medium that has a place for a label."""
    return (*_pictures(), *_films(), *_sounds(), *_documents(), *_texts())
