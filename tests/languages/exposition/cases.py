"""Pages that break one rule each, and what is meant by them: for the reader, and for two real Prometheuses."""

from __future__ import annotations

from dataclasses import dataclass

from deployspec.languages.exposition import Format

T, O = Format.TEXT, Format.OPENMETRICS  # noqa: E741 - the two columns of a table
NOW = 1_700_000_000
"""What stands for now in a page; a server gets its own."""


@dataclass(frozen=True)
class Case:
    """A page."""

    id: str
    rules: tuple[str, ...]
    """The rules that it breaks, in the order of their lines; none of a sound one."""
    form: Format
    page: bytes
    """``{now-60}`` is a time in seconds, ``{now-60}000`` the same in milliseconds."""
    line: int
    """Where it breaks the first; 0 of a sound one."""
    samples: int | None = None
    """How many samples are meant, where there are more than the reader has series."""
    meant: tuple[str, ...] = ()
    """The series that are meant, where the reader has others."""

    def at(self, now: float) -> bytes:
        """The page of that time."""
        page = self.page
        while b"{now" in page:
            head, _, rest = page.partition(b"{now")
            shift, _, rest = rest.partition(b"}")
            page = b"%b%d%b" % (head, int(now) + int(shift or 0), rest)
        return page


_HISTOGRAM = "# TYPE h histogram\n"


def _t(
    name: str,
    rules: str,
    page: str | bytes,
    line: int = 0,
    *,
    samples: int | None = None,
    meant: tuple[str, ...] = (),
) -> Case:
    data = page if isinstance(page, bytes) else page.encode()
    return Case(f"text-{name}", tuple(rules.split()), T, data, line, samples, meant)


def _o(
    name: str,
    rules: str,
    page: str | bytes,
    line: int = 0,
    *,
    samples: int | None = None,
    meant: tuple[str, ...] = (),
    eof: bytes = b"# EOF\n",
) -> Case:
    data = page if isinstance(page, bytes) else page.encode()
    return Case(f"openmetrics-{name}", tuple(rules.split()), O, data + eof, line, samples, meant)


def _buckets(*pairs: tuple[str, str], rest: str = "h_sum 1\nh_count 3\n") -> str:
    return _HISTOGRAM + "".join(f'h_bucket{{le="{bound}"}} {value}\n' for bound, value in pairs) + rest


SOUND = (
    _t("empty", "", ""),
    _t("families", "", "# HELP x A help, with \\\\ and \\n.\n# TYPE x gauge\nx 1\n\n# a comment\ny{a=\"b\"} 2\n"),
    _t("blanks", "", 'x   1\ny \t{a="b"}\t2 \nz{ a = "b" , c="d" , } 3\t\n \n  # TYPE w gauge\nw 1\n#\tTYPE\tv\tgauge\n'),
    _t("no-blank", "", 'x{a="b"}1\n'),
    _t("escapes", "", 'x{a="\\\\ \\" \\n } = , # {"} 1\n'),
    _t("unicode", "", 'x{a="\u00fc\u2028\U0001f600"} 1\n'),
    _t("nul-in-values", "", b'# HELP x a\0b\nx{a="b\0c"} 1\n'),
    _t("empty-label", "", 'x{a=""} 1\ny{} 2\n'),
    _t("numbers", "", "".join(f"x{number} {text}\n" for number, text in enumerate(["1.", ".5", "+1", "1e5", "1E-5", "nan", "Inf", "-infinity", "1e-400", "9007199254740993"]))),
    _t("times", "", "x 1 {now-60}000\ny 1\n"),
    _t("histogram", "", _buckets(("0.5", "1"), ("1", "3"), ("+Inf", "3"))),
    _t("histogram-sum-first", "", _HISTOGRAM + 'h_sum{a="b"} 1\nh_bucket{a="b",le="1"} 3\nh_bucket{le="+Inf",a="b"} 3\nh_count{a="b"} 3\n'),
    _t("histogram-le-first", "", _HISTOGRAM + "".join(f'h_bucket{{le="1",b="x",a="{one}"}} 1\nh_bucket{{le="+Inf",b="x",a="{one}"}} 2\nh_sum{{b="x",a="{one}"}} 1\nh_count{{b="x",a="{one}"}} 2\n' for one in "123")),
    _t("summary", "", '# TYPE s summary\ns{quantile="0.5"} NaN\ns{quantile="1"} 2\ns_sum 3\ns_count 2\n'),
    _t("help-without-text", "", "# HELP x\nx 1\n"),
    _t("crlf-of-help", "", "# HELP x a\r\nx 1\n"),
    _t("le-of-no-histogram", "", 'g{le="1"} 1\ng{le="1.0"} 1\n'),
    _t("name-of-no-part", "", "# TYPE x gauge\nx 1\ny 1\nx_sum 1\n"),
    _t("histogram-of-halves", "", _buckets(("+Inf", "1.5"), rest="h_sum 1\nh_count 1.5\n")),
    _t("side-by-side", "", '# TYPE s summary\ns_count{a="1"} 1\ns_count{a="2"} 1\ns_sum{a="1"} 1\ns_sum{a="2"} 1\n'),
    _t("parts-of-their-own-type", "", "# TYPE s_count gauge\ns_count 1\n# TYPE s summary\ns_sum 1\n"),
    _t("parts-of-their-own-help", "", "# HELP s_count A help.\ns_count 1\n# TYPE s summary\ns_sum 1\n"),
    _o("empty", "", ""),
    _o("help-of-any-text", "", "# HELP x \u00fc\nx 1\n"),
    _o("families", "", '# TYPE x_seconds gauge\n# UNIT x_seconds seconds\n# HELP x_seconds A help.\nx_seconds{a="b"} 1\n# TYPE y counter\ny_total 2\ny_created 1.5e9\n'),
    _o("no-last-newline", "", "x 1\n", eof=b"# EOF"),
    _o("types", "", '# TYPE i info\ni_info{v="1"} 1\n# TYPE s stateset\ns{s="a"} 1\ns{s="b"} 0\n# TYPE u unknown\nu 1\n'),
    _o("histogram", "", '# TYPE h histogram\nh_bucket{le="1.0"} 1 # {t="a"} 0.5 {now-60}\nh_bucket{le="+Inf"} 2\nh_count 2\nh_sum 3.5\nh_created {now-60}.5\n'),
    _o("gaugehistogram", "", '# TYPE g gaugehistogram\ng_bucket{le="+Inf"} 2\ng_gcount 2\ng_gsum 3\n'),
    _o("gaugehistogram-below-0", "", '# TYPE g gaugehistogram\ng_bucket{le="-1.0"} 1\ng_bucket{le="+Inf"} 2\ng_gcount 2\ng_gsum -3\n'),
    _o("histogram-of-nothing", "", '# TYPE h histogram\nh_bucket{le="+Inf"} 0\nh_count 0\nh_sum 0\n'),
    _o("summary", "", '# TYPE s summary\ns_count{a="b"} 1\ns_sum{a="b"} 1\ns{a="b",quantile="0.5"} 1\ns_count{a="c"} 1\ns_sum{a="c"} 1\n'),
    _o("escape", "", 'x{a="\\q"} 1\n'),
    _o("times", "", "x 1 {now-120}.5\nx 2 {now-60}\ny 1\n"),
    _o("exemplar", "", '# TYPE x counter\nx_total{a=" # {"} 1 # {} 1\n'),
)  # fmt: skip

BROKEN = (
    # Lines and characters.
    _t("last-newline", "last-newline", "x 1\ny 2", 2),
    _o("empty-line", "empty-line", "x 1\n\ny 1\n", 2),
    _t("blank-before", "blank-before", "y 1\n x 1\n", 2),
    _t("tab-before", "blank-before", 'y 1\n\tx{a="b"} 1\n', 2),
    _o("blank-before", "blank-before", "y 1\n x 1\n", 2),
    _o("blank-behind", "blanks", "y 1\nx 1 \n", 2),
    _o("two-blanks", "blanks", "y 1\nx  1\n", 2),
    _o("tab", "blanks", "y 1\nx\t1\n", 2),
    _o("blank-behind-name", "blanks", 'x {a="b"} 1\n', 1),
    _o("blank-in-labels", "blanks", 'x{a="b", c="d"} 1\n', 1),
    _o("no-blank", "blanks", 'x{a="b"}1\n', 1),
    _t("blanks-in-type", "blanks-in-type", "# TYPE x  gauge\nx 1\n", 1),
    _t("blank-behind-type", "blanks-in-type", "# TYPE x gauge \nx 1\n", 1),
    _o("blanks-in-type", "blanks-in-type", "# TYPE x  gauge\nx 1\n", 1),
    _t("crlf", "carriage-return", "x 1\r\n", 1),
    _t("crlf-of-type", "carriage-return", "# TYPE x gauge\r\nx 1\n", 1),
    _t("crlf-of-empty-line", "carriage-return", "x 1\n\r\n", 2),
    _o("crlf", "carriage-return", "x 1\r\n", 1),
    _o("crlf-of-help", "carriage-return-in-help", "# HELP x a\r\nx 1\n", 1),
    _t("nul", "nul", b"x 1\n\0\ny 1\n", 2),
    _o("nul", "nul", b"x 1\n\0\ny 1\n", 2),
    _t("utf-8-in-value", "utf-8", b'x{a="\xff"} 1\n', 1),
    _t("utf-8-in-help", "utf-8", b"# HELP x \xff\nx 1\n", 1),
    _t("surrogate", "utf-8", b'x{a="\xed\xa0\x80"} 1\n', 1),
    _o("utf-8-in-value", "utf-8", b'x{a="\xff"} 1\n', 1),
    _t("utf-8-in-comment", "utf-8-in-comment", b"# \xff\nx 1\n", 1),
    _t("byte-order-mark", "byte-order-mark", b"\xef\xbb\xbfx 1\n", 1),
    _o("byte-order-mark", "byte-order-mark", b"\xef\xbb\xbfx 1\n", 1),
    _o("comment", "comment", "x 1\n# hello\n", 2),
    _o("eof-with-blank", "comment eof-missing", "x 1\n", 2, eof=b"# EOF \n"),
    _o("eof-missing", "eof-missing", "x 1\n", 1, eof=b""),
    _o("eof-early", "eof-early", "x 1\n# EOF\ny 1\n", 3),
    _o("eof-and-empty-line", "eof-early", "x 1\n# EOF\n", 3, eof=b"\n"),
    # Samples.
    _t("name-of-digits", "syntax", "1x 1\n", 1),
    _t("name-missing", "syntax", '{a="b"} 1\n', 1),
    _t("label-with-hyphen", "syntax", 'x{a-b="c"} 1\n', 1),
    _t("label-without-value", "syntax", "x{a} 1\n", 1),
    _t("label-unquoted", "syntax", "x{a=b} 1\n", 1),
    _t("label-in-single-quotes", "syntax", "x{a='b'} 1\n", 1),
    _t("label-open", "syntax", 'x{a="b} 1\n', 1),
    _t("label-ends-in-backslash", "syntax", 'x{a="b\\"} 1\n', 1),
    _t("brace-open", "syntax", 'x{a="b" 1\n', 1),
    _t("quote-behind-label", "syntax", 'x{a="b"} 1\nx{a="c""} 1\n', 2),
    _t("comma-first", "syntax", 'x{,a="b"} 1\n', 1),
    _t("comma-alone", "syntax", "x{,} 1\n", 1),
    _t("two-commas", "syntax", 'x{a="b",,c="d"} 1\n', 1),
    _t("name-inside-and-outside", "syntax", 'x{"y"} 1\n', 1),
    _t("name-of-nothing", "syntax", '{"","a"} 1\n', 1),
    _t("value-missing", "syntax", "x \n", 1),
    _t("three-numbers", "syntax", "x 1 2 3\n", 1),
    _o("label-unquoted", "syntax", "x{a=b} 1\n", 1),
    _o("newline-in-label", "syntax value", 'x{a="b\nc"} 1\n', 1),
    _t("comma-missing", "comma-missing", 'x{a="b"c="d"} 1\n', 1),
    _t("comma-missing-in-each-line", "comma-missing comma-missing", 'x{a="b"c="d"} 1\nx{a="b"c="e"} 1\n', 1),
    _o("comma-missing", "comma-missing", 'x{a="b"c="d"} 1\n', 1),
    _o("comma-last", "comma-last", 'x{a="b",} 1\n', 1),
    _t("newline-in-label", "newline-in-label", 'x{a="b\nc"} 1\ny 2\n', 1),
    _t("escape", "escape", 'x{a="C:\\temp\\d"} 1\n', 1),
    _t("escape-in-help", "escape", "# HELP x a\\d\nx 1\n", 1),
    _o("quote-in-help", "quote-in-help", '# HELP x a"b\nx 1\n', 1),
    _t("quoted-name", "quoted-name", '{"a.b",c="d"} 1\n', 1),
    _t("quoted-label", "quoted-name", 'x{"a.b"="c"} 1\n', 1),
    _t("quoted-type", "quoted-name quoted-name", '# TYPE "a.b" gauge\n{"a.b"} 1\n', 1),
    _o("quoted-name", "quoted-name", '{"a.b",c="d"} 1\n', 1),
    _o("quoted-created", "quoted-name quoted-name quoted-name", '# TYPE "a.b" counter\n{"a.b_total",c="d"} 1\n{"a.b_created",c="d"} 1\n', 1),
    _o("quoted-created-apart", "quoted-name quoted-name quoted-name interleaved quoted-name", '# TYPE "a.b" counter\n{"a.b_total",c="d"} 1\n{"a.b_total",c="e"} 1\n{"a.b_created",c="d"} 1\n', 1),
    _t("label-twice", "label-twice", 'x{a="1",a="2"} 1\n', 1),
    _t("label-of-the-name", "label-twice", 'x{__name__="y"} 1\n', 1),
    _o("label-twice", "label-twice", 'x{a="1",a="1"} 1\n', 1),
    _o("label-reserved", "label-reserved", 'x{_a="1"} 1\n', 1),
    _o("label-reserved-in-each-line", "label-reserved label-reserved", 'x{_a="1"} 1\nx{_a="2"} 1\n', 1),
    *(_t(f"value-{text}", "value", f"x {text}\n", 1) for text in ("1_000", "0x1p3", "1e400", "True", "1,5", "--1", "1e", "+NaN", '"1"', "\u0967")),
    *(_o(f"value-{text}", "value", f"x {text}\n", 1) for text in ("1_000", "0x1p3", "-1e400", "-nan")),
    _t("name-with-hyphen", "value", "a-b 1\n", 1),
    _t("nul-in-name", "value", b"a\0b 1\n", 1),
    _t("exemplar", "exemplar-in-text", 'x_total 1 # {a="b"} 1\n', 1),
    _t("comment-behind", "exemplar-in-text", "x 1 # hello\n", 1),
    _o("exemplar-without-value", "exemplar", '# TYPE x counter\nx_total 1 # {t="a"}\n', 2),
    _o("exemplar-without-labels", "exemplar", "# TYPE x counter\nx_total 1 # 1\n", 2),
    _o("exemplar-of-no-number", "exemplar", '# TYPE x counter\nx_total 1 # {t="a"} 1_0\n', 2),
    _o("exemplar-with-a-time-of-nan", "exemplar", '# TYPE x counter\nx_total 1 # {t="a"} 1 NaN\n', 2),
    _o("exemplar-of-gauge", "exemplar-place", '# TYPE x gauge\nx 1 # {t="a"} 1\n', 2),
    _o("exemplar-of-sum", "exemplar-place", '# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_count 1\nh_sum 1 # {t="a"} 5\n', 4),
    _o("exemplar-too-long", "exemplar-labels", '# TYPE x counter\nx_total 1 # {t="%s"} 1\n' % ("\u00fc" * 128), 2),
    _o("exemplar-with-a-label-twice", "exemplar-labels", '# TYPE x counter\nx_total 1 # {t="a",t="b"} 1\n', 2),
    _o("exemplar-beyond-its-bucket", "exemplar-range", '# TYPE h histogram\nh_bucket{le="1.0"} 1 # {t="a"} 5\nh_bucket{le="+Inf"} 1\n', 2),
    _o("exemplar-beyond-a-bound-below-0", "exemplar-range", '# TYPE h histogram\nh_bucket{le="-1.0"} 1 # {t="a"} 5\nh_bucket{le="+Inf"} 1\n', 2),
    # TYPE, HELP, UNIT.
    _t("type-without-name", "metadata", "# TYPE \nx 1\n", 1),
    _t("type-of-no-name", "metadata", "# TYPE a.b gauge\nx 1\n", 1),
    _t("help-of-no-name", "metadata", "# HELP 1x foo\nx 1\n", 1),
    _o("help-without-text", "metadata", "# HELP x\nx 1\n", 1),
    _o("bare-type", "metadata", "# TYPE\nx 1\n", 1),
    _o("type-and-name-in-one", "metadata", "# TYPEx gauge\nx 1\n", 1),
    _o("tab-behind-the-name", "metadata", "# TYPE x\tgauge\nx 1\n", 1),
    _o("unit-without-text", "metadata", "# UNIT x\nx 1\n", 1),
    _t("bare-type", "metadata-ignored", "# TYPE\nx 1\n", 1),
    _t("no-blank-behind-hash", "metadata-ignored", "#TYPE x gauge\nx 1\n", 1),
    _t("help-of-half-a-name", "metadata-ignored", "# HELP a.b foo\nx 1\n", 1),
    *(_t(f"type-{text or 'none'}", "type-name", f"# TYPE x {text}\nx 1\n", 1) for text in ("Gauge", "info", "unknown", "counter x", "")),
    *(_o(f"type-{text}", "type-name", f"# TYPE x {text}\nx 1\n", 1) for text in ("Gauge", "untyped")),
    _t("type-twice", "type-twice", "# TYPE x gauge\n# TYPE x gauge\nx 1\n", 2),
    _o("type-twice", "type-twice", "# TYPE x gauge\n# TYPE x gauge\nx 1\n", 2),
    _t("type-changes", "type-changes", "# TYPE x gauge\nx 1\n# TYPE x counter\n", 3),
    _t("type-twice-and-apart", "type-twice", "# TYPE x gauge\nx 1\ny 1\n# TYPE x gauge\n", 4),
    _o("type-changes", "type-changes", "# TYPE x gauge\nx 1\n# TYPE x unknown\n", 3),
    _t("type-late", "type-late", "x 1\n# TYPE x gauge\n", 2),
    _t("type-behind-buckets", "type-late", 'h_bucket{le="+Inf"} 1\n# TYPE h histogram\n', 2),
    _o("type-late", "type-late", "x 1\n# TYPE x gauge\n", 2),
    _t("quantile-behind-a-late-type", "type-late summary-quantile", 's{quantile="0.5"} 1\n# TYPE s summary\ns{quantile="2"} 1\n', 2),
    _o("counter-behind-a-late-type", "type-late counter-suffix", 'x{a="1"} 1\n# TYPE x counter\nx{a="2"} 1\n', 2),
    _t("help-twice", "help-twice", "# HELP x a\n# HELP x b\nx 1\n", 2),
    _o("help-twice", "help-twice", "# HELP x a\n# HELP x a\nx 1\n", 2),
    _t("help-late", "help-late", "x 1\n# HELP x a\n", 2),
    _t("help-late-and-apart", "split-family help-late", "x 1\ny 1\n# HELP x a\n", 3),
    _o("help-late", "help-late", "x 1\n# HELP x a\n", 2),
    _t("split-family", "split-family", 'x{a="1"} 1\ny 1\nx{a="2"} 1\n', 3),
    _t("types-first", "split-family split-family", "# TYPE x gauge\n# TYPE y gauge\nx 1\ny 1\n", 3),
    _t("split-histogram", "split-family", _HISTOGRAM + 'h_bucket{le="+Inf"} 1\nx 1\nh_sum 1\nh_count 1\n', 4),
    _o("split-family", "split-family", 'x{a="1"} 1\ny 1\nx{a="2"} 1\n', 3),
    _o("interleaved", "interleaved interleaved", '# TYPE s summary\ns_count{a="1"} 1\ns_count{a="2"} 1\ns_sum{a="1"} 1\ns_sum{a="2"} 1\n', 4),
    _o("created-apart", "interleaved", '# TYPE x counter\nx_total{a="1"} 1\nx_total{a="2"} 1\nx_created{a="1"} 1\n', 4),
    _o("counter-beside-gauge", "name-clash", "# HELP x a\n# TYPE x gauge\nx 1\n# HELP x b\n# TYPE x counter\nx_total 1\n", 5),
    _o("name-of-a-sample", "name-clash", "# TYPE x summary\nx_sum 1\nx_count 1\n# TYPE x_created gauge\nx_created 1\n", 4),
    _o("unit-of-a-part", "name-clash", "# UNIT s_count count\ns_count 1\n# TYPE s summary\ns_sum 1\n", 3),
    _o("unit", "unit", "# TYPE xseconds gauge\n# UNIT xseconds seconds\nxseconds 1\n", 2),
    _o("unit-of-other-characters", "unit", "# TYPE x_s gauge\n# UNIT x_s s-1\nx_s 1\n", 2),
    _o("unit-of-stateset", "unit-of-none", '# TYPE x_s stateset\n# UNIT x_s s\nx_s{x_s="b"} 1\n', 2),
    _o("unit-of-info", "unit-of-none", '# TYPE x_s info\n# UNIT x_s s\nx_s_info{a="b"} 1\n', 2),
    _o("unit-twice", "unit-twice", "# TYPE x_s gauge\n# UNIT x_s s\n# UNIT x_s s\nx_s 1\n", 3),
    _o("unit-late", "unit-late", "# TYPE x_s gauge\nx_s 1\n# UNIT x_s s\n", 3),
    _o("counter-suffix", "counter-suffix", "# TYPE x counter\nx 1\n", 2),
    _o("counter-of-its-total", "counter-suffix", "# TYPE x_total counter\nx_total 1\n", 2),
    _o("info-suffix", "info-suffix", '# TYPE x info\nx{a="b"} 1\n', 2),
    _o("info-value", "info-value", '# TYPE x info\nx_info{a="b"} 2\n', 2),
    _o("stateset-value", "stateset", '# TYPE x stateset\nx{x="a"} 2\n', 2),
    _o("stateset-label", "stateset", "# TYPE x stateset\nx 1\n", 2),
    # Series.
    _t("series-twice", "series-twice", "x 1\nx 2\n", 2, samples=2),
    _t("series-twice-alike", "series-twice", "x 1\nx 1\n", 2, samples=2),
    _t("series-twice-in-another-order", "series-twice", 'x{a="1",b="2"} 1\nx{b="2",a="1"} 2\n', 2, samples=2),
    _t("series-twice-with-an-empty-label", "series-twice", 'x 1\nx{a=""} 2\n', 2, samples=2),
    _t("series-twice-and-back-in-time", "series-twice", "x 1 {now-10}000\nx 2 {now-20}000\n", 2, samples=2),
    _o("series-twice", "series-twice", "x 1\nx 2\n", 2, samples=2),
    _t("series-repeated", "series-repeated", "x 1 {now-20}000\nx 2 {now-10}000\n", 2),
    _t("bucket-twice", "bucket-twice", _buckets(("1", "1"), ("1.0", "1"), ("+Inf", "3")), 3),
    _t("quantile-twice", "bucket-twice", '# TYPE s summary\ns{quantile="1"} 1\ns{quantile="1.0"} 1\ns_sum 1\ns_count 1\n', 3),
    _o("bucket-twice", "bucket-twice", '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="1.0"} 1\nh_bucket{le="+Inf"} 3\n', 3),
    # Times.
    *(_t(f"time-{name}", "timestamp", f"x 1 {text}\n", 1) for name, text in (("float", "{now}000.5"), ("exponent", "1e12"), ("word", "now"), ("huge", "9" * 20))),
    *(_o(f"time-{text}", "timestamp", f"x 1 {text}\n", 1) for text in ("NaN", "+Inf", "1_0", "0x1p3")),
    _t("time-negative", "timestamp-sign", "x 1 -3982045\n", 1),
    _t("time-with-plus", "timestamp-sign", "x 1 +{now}000\n", 1),
    _t("time-in-seconds", "timestamp-unit", "x 1 {now}\ny 1\n", 1),
    _o("time-in-milliseconds", "timestamp-unit", "x 1 {now}000\ny 1\n", 1),
    _t("time-stale", "timestamp-stale", "x 1 {now-400}000\ny 1\n", 1),
    _o("time-stale", "timestamp-stale", "x 1 {now-2000}\ny 1\n", 1),
    _t("time-old", "timestamp-old", "y 1\nx 1 {now-4000}000\n", 2),
    _o("time-old", "timestamp-old", "y 1\nx 1 {now-4000}\n", 2),
    _t("time-ahead", "timestamp-ahead", "y 1\nx 1 {now+400}000\n", 2),
    _o("time-ahead", "timestamp-ahead", "y 1\nx 1 {now+400}\n", 2),
    _t("time-of-the-future", "timestamp-future", "y 1\nx 1 {now+900}000\n", 2),
    _o("time-of-the-future", "timestamp-future", "y 1\nx 1 {now+900}\n", 2),
    _o("time-back", "timestamp-order", "x 1 {now-10}\nx 2 {now-20}\n", 2, samples=2),
    _o("time-again", "timestamp-order", "x 1 {now-10}\nx 2 {now-10}\n", 2, samples=2),
    # Histograms, summaries, counters.
    _t("bound-of-a-word", "bucket-bound", _buckets(("one", "1"), ("+Inf", "3")), 2),
    _t("bound-missing", "bucket-bound", _HISTOGRAM + 'h_bucket 1\nh_bucket{le="+Inf"} 3\nh_sum 1\nh_count 3\n', 2),
    _o("bound-of-nan", "bucket-bound", '# TYPE h histogram\nh_bucket{le="NaN"} 1\nh_bucket{le="+Inf"} 3\n', 2),
    _t("infinity-otherwise", "bucket-infinity", _buckets(("Inf", "3")), 2, meant=('h_bucket{le="+Inf"}', "h_sum", "h_count")),
    _o("infinity-otherwise", "bucket-infinity", '# TYPE h histogram\nh_bucket{le="inf"} 3\n', 2, meant=('h_bucket{le="+Inf"}',)),
    _t("bucket-order", "bucket-order", _buckets(("2", "2"), ("1", "1"), ("+Inf", "3")), 3),
    _o("bucket-order", "bucket-order", '# TYPE h histogram\nh_bucket{le="2.0"} 2\nh_bucket{le="1.0"} 1\nh_bucket{le="+Inf"} 3\n', 3),
    _t("histogram-sample", "histogram-sample", _HISTOGRAM + 'h 1\nh_bucket{le="+Inf"} 3\nh_sum 1\nh_count 3\n', 2),
    _o("histogram-sample", "histogram-sample", '# TYPE h histogram\nh 1\nh_bucket{le="+Inf"} 3\n', 2),
    _t("histogram-sample-and-apart", "split-family histogram-sample", "# TYPE h histogram\nx 1\nh 1\n", 3),
    _o("gaugehistogram-sample", "histogram-sample", '# TYPE g gaugehistogram\ng 1\ng_bucket{le="+Inf"} 3\n', 2),
    _t("infinity-missing", "histogram-infinity", _buckets(("1", "1")), 2),
    _o("infinity-missing", "histogram-infinity", '# TYPE h histogram\nh_bucket{le="1.0"} 1\n', 2),
    _t("count-missing", "histogram-count", _buckets(("+Inf", "3"), rest="h_sum 1\n"), 2),
    _t("count-differs", "histogram-count", _buckets(("+Inf", "4")), 2),
    _o("count-differs", "histogram-count", '# TYPE h histogram\nh_bucket{le="+Inf"} 4\nh_count 3\nh_sum 1\n', 2),
    _o("count-missing", "histogram-count", '# TYPE g gaugehistogram\ng_bucket{le="+Inf"} 2\ng_gsum 3\n', 2),
    _t("sum-missing", "histogram-sum", _buckets(("+Inf", "3"), rest="h_count 3\n"), 2),
    _o("sum-missing", "histogram-sum", '# TYPE h histogram\nh_bucket{le="+Inf"} 3\nh_count 3\n', 2),
    _t("not-cumulative", "histogram-cumulative", _buckets(("1", "2"), ("2", "1"), ("+Inf", "3")), 3),
    _o("not-cumulative", "histogram-cumulative", '# TYPE h histogram\nh_bucket{le="1.0"} 2\nh_bucket{le="+Inf"} 1\n', 3),
    _o("half-a-thing", "histogram-value", '# TYPE h histogram\nh_bucket{le="+Inf"} 1.5\n', 2),
    _o("half-a-count", "histogram-count histogram-value", '# TYPE h histogram\nh_bucket{le="+Inf"} 2\nh_count 1.5\nh_sum 1\n', 2),
    _o("sum-of-nan", "histogram-value", '# TYPE h histogram\nh_bucket{le="+Inf"} 2\nh_count 2\nh_sum NaN\n', 4),
    _o("sum-below-0", "histogram-value", '# TYPE h histogram\nh_bucket{le="+Inf"} 2\nh_count 2\nh_sum -1\n', 2),
    _o("gaugehistogram-sum-below-0", "histogram-value", '# TYPE g gaugehistogram\ng_bucket{le="+Inf"} 2\ng_gcount 2\ng_gsum -1\n', 2),
    _o("sum-below-a-negative-bound", "histogram-value", '# TYPE h histogram\nh_bucket{le="-1.0"} 1\nh_bucket{le="+Inf"} 3\nh_count 3\nh_sum 1\n', 2),
    _t("quantile-of-none", "summary-quantile", "# TYPE s summary\ns 1\ns_sum 1\ns_count 1\n", 2),
    _t("quantile-of-95", "summary-quantile", '# TYPE s summary\ns{quantile="95"} 1\ns_sum 1\ns_count 1\n', 2),
    _o("quantile-of-95", "summary-quantile", '# TYPE s summary\ns{quantile="95.0"} 1\n', 2),
    _t("quantiles-fall", "summary-order", '# TYPE s summary\ns{quantile="0.9"} 1\ns{quantile="0.5"} 1\ns_sum 1\ns_count 1\n', 3),
    _o("summary-value", "summary-value", "# TYPE s summary\ns_count 1\ns_sum -1\n", 3),
    _o("summary-of-half-a-count", "summary-value", "# TYPE s summary\ns_count 1.5\ns_sum 1\n", 2),
    _o("summary-count-below-0", "summary-value", "# TYPE s summary\ns_count -1\ns_sum 1\n", 2),
    _o("quantile-below-0", "summary-value", '# TYPE s summary\ns{quantile="0.5"} -1\ns_count 1\ns_sum 1\n', 2),
    _o("counter-of-nan", "counter-value", "# TYPE x counter\nx_total NaN\n", 2),
    _o("counter-below-0", "counter-value", "# TYPE x counter\nx_total -1\n", 2),
)  # fmt: skip

CASES = (*SOUND, *BROKEN)
