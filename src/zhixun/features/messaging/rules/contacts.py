"""Phone numbers, addresses and other ways around the house, in Chinese and English, however they are spaced or spelled.

Before the first session of two people has taken place, whoever writes one is told why to keep it here, and may then send
it all the same. Ordinary sentences of a session (dates, amounts, law paragraphs, file numbers) must pass in silence.
"""

from __future__ import annotations

import re
import unicodedata

KINDS = ("phone", "mail", "wechat", "qq", "payment")

_NUMERALS = str.maketrans("零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789")
_GAP, _SPACED = r"[\s.\-_·*]{0,2}", r"[\s.\-_·*]{1,2}"
_PHONE = re.compile(
    rf"(?<![\d.])(?:\+?86{_GAP})?1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}(?!\d)"
    rf"|(?<![\d.])1{_SPACED}[3-9](?:{_SPACED}\d){{9}}(?!\d)"
    r"|(?<!\w)\+\d{1,3}[\s\-]?(?:\(?\d{1,4}\)?[\s\-]?){2,5}\d{2,}"
    r"|(?<![\d-])\(?[2-9]\d{2}\)?[\s\-.]\d{3}[\s\-.]\d{4}(?![\d-])"
)
_MAIL = re.compile(
    r"[a-z0-9._%+-]+\s?(?:@|\[at\]|\(at\))\s?[a-z0-9-]+(?:\s?(?:\.|\[dot\]|\(dot\)|点)\s?[a-z0-9-]+)*\s?(?:\.|\[dot\]|\(dot\)|点)\s?[a-z]{2,}"
)
_APP = r"(?:微信|薇信|威信|\bv信|\bvx|\bwx|wechat|weixin|whatsapp|telegram)"
_WECHAT = re.compile(
    rf"{_APP}\s*(?:号码?|\bid\b|账号)?\s*(?:是|is)?\s*[:=]\s*[a-z][\w-]{{5,19}}"
    rf"|{_APP}\s*(?:号码?|\bid\b|账号)\s*(?:是|is)?\s*[a-z][\w-]{{5,19}}"
    rf"|{_APP}\W{{0,3}}(?:是|is)?\W{{0,3}}(?=[a-z_-]{{1,18}}\d)[a-z][\w-]{{5,19}}"
    rf"|加(?:我|你|个|一下|一个|的|您){{0,3}}(?:微信|vx|wx|v信|qq)"
    r"|\badd (?:me|you) on (?:wechat|whatsapp|telegram)|\b(?:dm|text|message|call) me on (?:wechat|whatsapp|telegram)"
)
_QQ = re.compile(r"(?:\bqq|扣扣|企鹅号)(?!邮箱)[^\d\n]{0,6}[1-9]\d{4,10}(?!\d)")
_PAYMENT = re.compile(
    r"qr\.alipay\.com|paypal\.me/|wxp://|venmo\.com/|cash\.app/"
    r"|(?:私下|平台外|绕[过开]平台|不走平台|平台以外)[^。！？!?\n]{0,8}(?:付|转|交易|打款)"
    r"|\bpay (?:me|you) (?:directly|privately|outside)|\b(?:pay|paying|payment) outside (?:this|the) (?:site|platform|app)"
)
_LOOKED_FOR = (("mail", _MAIL), ("payment", _PAYMENT), ("wechat", _WECHAT), ("qq", _QQ), ("phone", _PHONE))


def contact_in(text: str) -> str:
    """What kind of contact (a key of KINDS) the text holds; "" for an ordinary sentence."""
    seen = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")  # no eye sees the others
    plain = "".join(seen).lower()
    folded = plain.translate(_NUMERALS)
    for kind, pattern in _LOOKED_FOR:
        if pattern.search(folded if kind in ("phone", "qq") else plain):
            return kind
    return ""
