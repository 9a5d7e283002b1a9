# ruff: noqa: E501 (lists of cases)
"""JSON texts by what RFC 8259 says of them, written for these tests: one value each."""

from typing import Final

# Texts that are JSON. What comes back from the topic must be the same, byte for byte.
VALID: Final[tuple[bytes, ...]] = (
    b"null", b"true", b"false", b"0", b"-0", b"1", b"-1", b"123456789", b"0.5", b"-0.5", b"1.0",
    b"1e5", b"1E5", b"1e+5", b"1e-5", b"0e1", b"0E+1", b"1.5e300", b"123.456e78",
    b"9007199254740993", b"123456789012345678901234567890", b"0.1000000000000000055511151231257827",
    b'""', b'" "', b'"a"', b'"\\u0041"', b'"\\""', b'"\\\\"', b'"\\/"', b'"\\b\\f\\n\\r\\t"',
    b'"\\u0000"', b'"\\u001f"', b'"\\u007f"', b'"\\u00e9\\u20ac"', b'"\\uD834\\uDD1E"',
    b'"\\ud83d\\ude39"', b'"\\uFFFF"', b'"\\uFDD0"', b'"\x7f"', b'"/"',
    '"é"'.encode(), '"€"'.encode(), '"𝄞"'.encode(), '"\u2028\u2029"'.encode(), '"\ufeff"'.encode(),
    '"\U0010ffff"'.encode(), b"[]", b"[ ]", b"[1]", b"[1, 2]", b"[[]]", b"[null]", b"[1,\n2\t,3 ]",
    b'["a",{"b":[]}]', b"{}", b'{"":0}', b'{"a":{}}', b'{ "a" : 1 , "b" : 2 }', b'{"a":1,"a":2}',
    b'{"\\u0061":1}', b'{"\\u0000":1}', b'{"a":[{"b":{"c":[0]}}]}',
)  # fmt: skip

# Texts that are no JSON: every one refused, wherever in the body it stands.
MALFORMED: Final[tuple[bytes, ...]] = (
    b"", b"nul", b"nulll", b"Null", b"TRUE", b"True", b"tru", b"undefined", b"NaN", b"nan", b"Infinity",
    b"-Infinity", b"inf", b"-", b"+1", b"--1", b"01", b"-01", b"00", b"1.", b".5", b"-.5", b"1.e5", b"1e",
    b"1e+", b"1E-", b"0x1", b"0e", b"1_000", b"1 000", b"1,5", b"2.e3", b"0.3e+", b"1eE2", b"-1x", b"1a", b"\xef\xbc\x91",
    b'"', b'"a', b"'a'", b"a", b'"\\"', b'"\\x41"', b'"\\u"', b'"\\u00A"', b'"\\u00G0"', b'"\\U0041"', b'"\\a"', b'"\\0"',
    b'"\\\t"', b'"\x00"', b'"\x01"', b'"\x1f"', b'"\n"', b'"\t"', b'"\r"', b'"\\\xc3\xa9"', b'""x', b'"a""b"',
    b'"\\ud800"', b'"\\udc00"', b'"\\ud800\\u0041"', b'"\\udc00\\ud800"', b'"\\ud800x"', b'"\\uD83D\\"',
    b'"\xff"', b'"\xc3"', b'"\xc3("', b'"\xc0\xaf"', b'"\xe0\x80\xaf"', b'"\xed\xa0\x80"', b'"\xed\xbf\xbf"', b'"\xf4\x90\x80\x80"',
    b'"\xf8\x88\x80\x80\x80"', b'"\x80"', b"\xff",
    b"[", b"]", b"[1", b"[1,", b"[1,]", b"[,1]", b"[,]", b"[1,,2]", b"[1 2]", b"[1;2]", b"[1:2]", b"[1}", b"[[]", b"[]]",
    b'["a"', b'["a",', b'["a" "b"]', b"[\x0b]", b"[\xa0]", b"[\xe2\x80\xa8]", b"(1)", b"[1]//x", b"[1]/**/", b"#1",
    b"{", b"}", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,', b'{"a":1,}', b"{,}", b'{,"a":1}', b'{"a" 1}', b'{"a"::1}',
    b'{"a":1 "b":2}', b'{"a":1,,"b":2}', b"{a:1}", b"{'a':1}", b"{1:1}", b"{null:1}", b"{[]:1}", b'{"a";1}', b'{"a":1]',
    b'{"a"=1}', b'{"a":1}}', b'{"a","b"}', b'{"\\ud800":1}', b'{"\xff":1}', b'{"\x01":1}', b"<a>", b"\x00", b"1\x00",
)  # fmt: skip

# Text of people and of those who test them: what is accepted comes back the same.
NAUGHTY: Final[tuple[str, ...]] = (
    "", " ", "\t", "\r\n", "\x00", "a\x00b", "\x01\x02\x1b[31m", "\x7f\x80\x9f", "\ufeff", "\ufffe\uffff", "\ufffd",
    "é", "e\u0301", "ﬁ", "ß", "İ", "ı", "ſ", "Ω≈ç√∫", "田中さん", "사회과학원", "𠜎𠜱", "ثم نفس", "\u202eabc\u202c",
    "\u200b\u200d\u2060", "\u2028\u2029", "😀", "👩\u200d👩\u200d👧", "🇩🇪", "👍🏽", "\U0010ffff", "Z̮̞̠͙͔ͅ", "１２３",
    "'", '"', "\\", "\\\\", "\\u0041", "\\n", "/", "</script>", "<!--", "]]>", "' OR 1=1 --", "'; DROP TABLE events; --",
    "{{7*7}}", "${x}", "%00", "%s%n", "../../etc", "null", "true", "NaN", "1e400", "0x10", "-0", "1,5", "{}", "[]",
    "x" * 20_000, "é" * 5_000, "😀" * 3_000, '"' * 3_000,
)  # fmt: skip
