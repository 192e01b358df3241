from hypothesis import given
from hypothesis import strategies as st

from channels.base import Capabilities
from labelling.content import Draft, MediaType, Origin, Part, Surface
from labelling.wording import TEXT_NOTICE
from runtime.fitting import Room, fit, split

SENTENCES = st.lists(
    st.text(alphabet="面霜保湿ab3😀", min_size=1, max_size=20), min_size=1, max_size=12
).map(lambda parts: "。".join(parts) + "。")


def capabilities(max_text_bytes: int = 120, max_parts: int = 3) -> Capabilities:
    return Capabilities(
        media_types=frozenset({MediaType.TEXT}),
        max_text_bytes=max_text_bytes,
        max_parts=max_parts,
        surface=Surface.PLATFORM,
    )


class TestSplit:
    @given(st.text(), st.integers(min_value=4, max_value=64))
    def test_splitting_loses_nothing_and_fits(self, text: str, limit: int) -> None:
        pieces = split(text, Room(limit))

        assert "".join(pieces) == text
        assert all(len(piece.encode()) <= limit for piece in pieces)

    def test_a_piece_ends_with_a_sentence(self) -> None:
        pieces = split("第一句话在这里。第二句话在这里。", Room(40))

        assert pieces == ["第一句话在这里。", "第二句话在这里。"]

    def test_without_a_sentence_a_piece_ends_with_a_clause(self) -> None:
        pieces = split("第一部分在这里，第二部分在这里", Room(40))

        assert pieces == ["第一部分在这里，", "第二部分在这里"]

    def test_characters_count_where_the_platform_counts_them(self) -> None:
        pieces = split("第一句话在这里。第二句话在这里。", Room(400, characters=10))

        assert pieces == ["第一句话在这里。", "第二句话在这里。"]

    def test_a_link_is_not_cut(self) -> None:
        link = "https://example.com/a/long/path"

        pieces = split(f"请看这里{link}谢谢", Room(50))

        assert any(link in piece for piece in pieces)

    def test_a_link_longer_than_a_message_is_cut_as_anything_else(self) -> None:
        link = "https://example.com/" + "a" * 60

        pieces = split(link, Room(40))

        assert "".join(pieces) == link


class TestFit:
    @given(SENTENCES)
    def test_every_part_leaves_room_for_its_label(self, text: str) -> None:
        fitted = fit(Draft.generated(text), capabilities())

        labelled = [part.text + TEXT_NOTICE for part in fitted.parts]
        assert all(len(words.encode()) <= 120 for words in labelled)
        assert len(fitted.parts) <= 3

    def test_what_fits_stays_as_it_is(self) -> None:
        draft = Draft.generated("七天内可退。")

        assert fit(draft, capabilities()) == draft

    def test_what_is_too_long_ends_with_an_ellipsis(self) -> None:
        fitted = fit(Draft.generated("这句话有十个字符左右。" * 40), capabilities())

        assert len(fitted.parts) == 3
        assert fitted.parts[-1].text.endswith("……")

    def test_a_closing_phrase_is_not_what_is_left_out(self) -> None:
        draft = Draft.generated("这句话有十个字符左右。" * 40, "已请人工客服跟进。")

        fitted = fit(draft, capabilities())

        assert len(fitted.parts) == 3
        assert fitted.parts[1].text.endswith("……")
        assert fitted.parts[2].text == "已请人工客服跟进。"

    def test_the_origin_stays(self) -> None:
        draft = Draft((Part.of_text("您好，" * 60),), Origin.HUMAN)

        assert fit(draft, capabilities()).origin is Origin.HUMAN

    def test_a_part_of_another_medium_is_not_cut(self) -> None:
        picture = Part(MediaType.PNG, b"\x89PNG\r\n\x1a\n" + bytes(500))

        fitted = fit(Draft((picture,) * 4, Origin.GENERATED), capabilities())

        assert fitted.parts == (picture,) * 3
