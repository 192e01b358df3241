"""Which writers label which medium, in order: the one registry."""

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, cast

from typing_extensions import override

from labelling.content import MediaType
from labelling.writers.base import LabelWriter


class _Named:
    """A writer by module, class and arguments; made when its medium comes up first.

    Codecs and PDF take 50 MB and a second to import, and most processes only ever label text.
    """

    def __init__(self, module: str, name: str, *arguments: str) -> None:
        self._module = module
        self._name = name
        self._arguments = arguments

    def make(self) -> LabelWriter:
        module = importlib.import_module(f"labelling.writers.{self._module}")
        return cast("LabelWriter", getattr(module, self._name)(*self._arguments))


class _Chains(Mapping[MediaType, tuple[LabelWriter, ...]]):
    def __init__(self, named: Mapping[MediaType, tuple[_Named, ...]]) -> None:
        self._named = named
        self._made = cache(self._make)

    def _make(self, media_type: MediaType) -> tuple[LabelWriter, ...]:
        return tuple(named.make() for named in self._named[media_type])

    @override
    def __getitem__(self, media_type: MediaType) -> tuple[LabelWriter, ...]:
        return self._made(media_type)

    @override
    def __iter__(self) -> Iterator[MediaType]:
        return iter(self._named)

    @override
    def __len__(self) -> int:
        return len(self._named)


_PROPERTY = _Named("office", "CustomPropertyWriter")
_FILM = _Named("video", "VideoMarkWriter")
_KEYS = _Named("mp4", "Mp4LabelWriter")
_TAG = _Named("matroska", "MatroskaLabelWriter")

# Order is physics: what changes pixels first, metadata next, a manifest that hashes both last.
# A medium without a chain is refused by the stage, never passed through.
CHAINS: Final[Mapping[MediaType, tuple[LabelWriter, ...]]] = _Chains(
    {
        MediaType.TEXT: (_Named("text", "TextNoticeWriter"),),
        MediaType.JPEG: (_Named("jpeg_mark", "JpegMarkWriter"), _Named("jpeg", "JpegXmpWriter")),
        MediaType.PNG: (_Named("png_mark", "PngMarkWriter"), _Named("png", "PngXmpWriter")),
        MediaType.WEBP: (_Named("webp_mark", "WebpMarkWriter"), _Named("webp", "WebpXmpWriter")),
        MediaType.GIF: (_Named("gif_mark", "GifMarkWriter"), _Named("gif", "GifXmpWriter")),
        MediaType.TIFF: (_Named("tiff_mark", "TiffMarkWriter"), _Named("tiff", "TiffXmpWriter")),
        MediaType.AVIF: (
            _Named("heif_mark", "HeifMarkWriter", "AVIF"),
            _Named("heif", "HeifXmpWriter"),
        ),
        MediaType.HEIC: (
            _Named("heif_mark", "HeifMarkWriter", "HEIF"),
            _Named("heif", "HeifXmpWriter"),
        ),
        MediaType.SVG: (_Named("svg", "SvgNoticeWriter"), _Named("svg", "SvgXmpWriter")),
        MediaType.PDF: (_Named("pdf", "PdfNoticeWriter"), _Named("pdf", "PdfInformationWriter")),
        MediaType.DOCX: (_Named("docx", "DocxNoticeWriter"), _PROPERTY),
        MediaType.XLSX: (_Named("xlsx", "XlsxNoticeWriter"), _PROPERTY),
        MediaType.PPTX: (_Named("pptx", "PptxNoticeWriter"), _PROPERTY),
        MediaType.MARKDOWN: (
            _Named("markdown", "MarkdownNoticeWriter"),
            _Named("markdown", "FrontMatterWriter"),
        ),
        MediaType.HTML: (
            _Named("webpage", "WebpageNoticeWriter"),
            _Named("webpage", "WebpageMetaWriter"),
        ),
        MediaType.JSON: (
            _Named("json_object", "JsonNoticeWriter"),
            _Named("json_object", "JsonMemberWriter"),
        ),
        MediaType.MP3: (_Named("mp3_cue", "Mp3CueWriter"), _Named("id3", "Id3LabelWriter")),
        MediaType.WAV: (_Named("wav_cue", "WavCueWriter"), _Named("riff", "WavLabelWriter")),
        MediaType.FLAC: (_Named("flac_cue", "FlacCueWriter"), _Named("vorbis", "FlacLabelWriter")),
        MediaType.OPUS: (_Named("opus_cue", "OpusCueWriter"), _Named("vorbis", "OggLabelWriter")),
        MediaType.M4A: (_Named("m4a_cue", "M4aCueWriter"), _KEYS),
        MediaType.MP4: (_FILM, _KEYS),
        MediaType.MOV: (_FILM, _KEYS),
        MediaType.MKV: (_FILM, _TAG),
        MediaType.WEBM: (_FILM, _TAG),
    }
)
