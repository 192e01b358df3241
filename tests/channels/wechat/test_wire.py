"""JSON and XML: what is read, what is refused, what comes back as it went."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.wechat.wire import PushFormat, read, write

BILLION_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "ha">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><xml><Content>&b;</Content></xml>"""
FILE_ENTITY = b"""<!DOCTYPE xml [<!ENTITY f SYSTEM "file:///etc/hostname">]>
<xml><Content>&f;</Content></xml>"""
NO_XML = {*map(chr, range(32)), "\ufffe", "\uffff"} - {"\t", "\n", "\r"}


class TestJson:
    def test_whole_numbers_keep_all_digits(self) -> None:
        body = b'{"MsgId":18446744073709551615}'

        assert read(body, PushFormat.JSON) == {"MsgId": 18446744073709551615}

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"[]", id="no-object"),
            pytest.param(b'"text"', id="text"),
            pytest.param(b"\xff\xfe{}", id="not-utf-8"),
            pytest.param(b"\xef\xbb\xbf{}", id="byte-order-mark"),
            pytest.param(b'{"a":NaN}', id="nan"),
            pytest.param(b'{"a":-Infinity}', id="infinity"),
            pytest.param(b'{"a":"\\ud800"}', id="lone-surrogate"),
            pytest.param(b'{"a":' + b"9" * 100_000 + b"}", id="endless-number"),
            pytest.param(b"[" * 1_000_000, id="deep-list"),
            pytest.param(b'{"a":' * 200_000 + b"1" + b"}" * 200_000, id="deep-object"),
        ],
    )
    def test_what_is_no_json_object_is_refused(self, body: bytes) -> None:
        with pytest.raises(ValueError, match="no json"):
            read(body, PushFormat.JSON)

    @given(st.dictionaries(st.text(), st.text()))
    def test_what_was_written_is_read(self, fields: dict[str, str]) -> None:
        assert read(write(fields, PushFormat.JSON), PushFormat.JSON) == fields


class TestXml:
    def test_fields_are_read_out_of_cdata_and_bare_text(self) -> None:
        body = b"<xml><A><![CDATA[&<>]]></A><B>12</B><C/><D><e>x</e><f>y</f></D><!-- no --></xml>"

        assert read(body, PushFormat.XML) == {"A": "&<>", "B": "12", "C": "", "D": "xy"}

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"{}", id="json"),
            pytest.param(b"<xml>\xff</xml>", id="not-utf-8"),
            pytest.param('<?xml version="1.0"?><xml>'.encode("utf-16"), id="utf-16"),
            pytest.param(b"<xml><A>1</A><A>2</A></xml>", id="a-name-twice"),
            pytest.param(b"<xml><A>&nbsp;</A></xml>", id="unknown-entity"),
            pytest.param(b"<!DOCTYPE xml><xml/>", id="bare-doctype"),
            pytest.param(BILLION_LAUGHS, id="billion-laughs"),
            pytest.param(FILE_ENTITY, id="file-entity"),
        ],
    )
    def test_m15_what_is_no_plain_xml_is_refused(self, body: bytes) -> None:
        with pytest.raises(ValueError, match="no xml"):
            read(body, PushFormat.XML)

    def test_m15_depth_without_end_does_no_harm(self) -> None:
        body = b"<xml>" + b"<a>" * 100_000 + b"deep" + b"</a>" * 100_000 + b"</xml>"

        assert read(body, PushFormat.XML) == {"a": "deep"}

    def test_words_that_break_out_of_their_cdata_are_refused(self) -> None:
        words = "hi]]></Content><FromUserName>another</FromUserName><Content><![CDATA["
        body = (
            "<xml><FromUserName><![CDATA[me]]></FromUserName>"
            f"<Content><![CDATA[{words}]]></Content></xml>"
        )

        with pytest.raises(ValueError, match="one value a field"):
            read(body.encode(), PushFormat.XML)

    def test_m16_characters_that_xml_cannot_hold_are_left_out(self) -> None:
        written = write({"Content": "a\x00b\x0bc\ud800d\ufffee"}, PushFormat.XML)

        assert read(written, PushFormat.XML) == {"Content": "abcde"}

    @pytest.mark.parametrize("text", ["]]>", "]]]]>>", "😊", "&<>&amp;", "\t\n\r\n\r", "<![CDATA["])
    def test_m16_awkward_text_comes_back_as_it_went(self, text: str) -> None:
        assert read(write({"Content": text}, PushFormat.XML), PushFormat.XML) == {"Content": text}

    @given(st.text())
    def test_m16_all_that_xml_can_hold_comes_back_as_it_went(self, text: str) -> None:
        expected = "".join(character for character in text if character not in NO_XML)

        actual = read(write({"Content": text, "CreateTime": 1}, PushFormat.XML), PushFormat.XML)

        assert actual == {"Content": expected, "CreateTime": "1"}
